"""Candidates are the commits that git bisect would consider."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.errors import HistoryError
from bisector.history.candidates import Candidates, candidates_between, collapse
from bisector.history.object_ids import object_ids
from bisector.history.parents import Parents
from bisector.history.repository import Repository
from tests.git_history import Node, chain, git, write_history

DIAMOND = [
    Node("base"),
    Node("left", ["base"]),
    Node("right", ["base"]),
    Node("merge", ["left", "right"], {"both": "x"}),
    Node("tip", ["merge"]),
]


def test_a_merge_keeps_both_sides_as_candidates(tmp_path: Path) -> None:
    """Every commit reachable from bad and not from good is a candidate, with its parents' positions."""
    ids = write_history(tmp_path / "repo", DIAMOND)
    found = candidates_between(Repository(tmp_path / "repo"), [ids["base"]], ids["tip"])
    assert set(found.ids) == {ids[name] for name in ("left", "right", "merge", "tip")}
    assert found.ids[-1] == ids["tip"]
    merge = found.ids.index(ids["merge"])
    assert {found.ids[p] for p in found.parents[merge]} == {ids["left"], ids["right"]}
    assert all(p < at for at, parents in enumerate(found.parents) for p in parents)


def test_first_parent_leaves_the_side_branch_out(tmp_path: Path) -> None:
    """With first_parent, only bad's own branch is searched."""
    ids = write_history(tmp_path / "repo", DIAMOND)
    found = candidates_between(Repository(tmp_path / "repo"), [ids["base"]], ids["tip"], first_parent=True)
    assert found.ids == (ids["left"], ids["merge"], ids["tip"])
    assert found.parents == ((), (0,), (1,))


def test_paths_limit_the_candidates(tmp_path: Path) -> None:
    """Only commits that touch a path are candidates, and the last of them stands for bad."""
    ids = write_history(tmp_path / "repo", chain(6, {2: {"src/a": "1"}, 4: {"src/a": "2"}}))
    found = candidates_between(Repository(tmp_path / "repo"), [ids["c0"]], ids["c5"], paths=["src"])
    assert found.ids == (ids["c2"], ids["c4"])


@pytest.mark.parametrize(("good", "bad"), [("c3", "c1"), ("c2", "c2")])
def test_an_empty_range_is_refused(tmp_path: Path, good: str, bad: str) -> None:
    """Swapped or equal endpoints leave nothing to search, and the error says so."""
    ids = write_history(tmp_path / "repo", chain(4))
    with pytest.raises(HistoryError, match="swapped"):
        candidates_between(Repository(tmp_path / "repo"), [ids[good]], ids[bad])


def test_candidates_are_those_of_git_bisect(tmp_path: Path) -> None:
    """The number of candidates is that of `git rev-list --bisect-all`, with several good commits."""
    ids = write_history(tmp_path / "repo", DIAMOND)
    found = candidates_between(Repository(tmp_path / "repo"), [ids["base"], ids["left"]], ids["tip"])
    listed = git(tmp_path / "repo", "rev-list", "--bisect-all", ids["tip"], "--not", ids["base"], ids["left"])
    assert len(found) == len(listed.splitlines())


def test_a_commit_that_changes_no_input_is_no_candidate() -> None:
    """The parents of a commit without changes become the parents of its children."""
    line = Candidates(("a", "b", "c", "d"), ((), (0,), (1,), (2,)))
    assert collapse(line, ["1", "1", "2", "3"]) == Candidates(("a", "c", "d"), ((), (0,), (1,)))


def test_the_bad_endpoint_always_stays() -> None:
    """Bad is kept even if it changes nothing, because it stands for what the user saw."""
    line = Candidates(("a", "b"), ((), (0,)))
    assert collapse(line, ["1", "1"]) == line


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Candidates, list[int]]:
    """Random topological graphs with a key for each commit."""
    size = draw(st.integers(1, 12))
    parents = [
        tuple(sorted(draw(st.sets(st.integers(0, at - 1), max_size=3)))) if at else () for at in range(size)
    ]
    keys = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    return Candidates(tuple(map(str, range(size))), tuple(parents)), keys


@given(graphs())
def test_collapsing_keeps_who_descends_from_whom(case: tuple[Candidates, list[int]]) -> None:
    """Of two commits that stay, one is an ancestor of the other exactly if it was before."""
    before, keys = case
    after = collapse(before, keys)
    place = {identity: at for at, identity in enumerate(after.ids)}

    def ancestors(graph: Candidates, at: int) -> set[str]:
        found: set[str] = set()
        pending = list(graph.parents[at])
        while pending:
            parent = pending.pop()
            found.add(graph.ids[parent])
            pending += graph.parents[parent]
        return found

    for identity in after.ids:
        was = ancestors(before, before.ids.index(identity)) & set(after.ids)
        assert ancestors(after, place[identity]) == was


FILES = ("src/a", "src/deep/b", "lib/100%/c", "top")
INPUTS = ("src/deep", "lib/100%", "top", "missing", "src")


@st.composite
def histories(draw: st.DrawFn) -> list[Node]:
    """Random histories with merges, in which files are added, changed, removed and restored."""
    nodes = [Node("n0", (), dict.fromkeys(FILES, "0"))]
    for at in range(1, draw(st.integers(3, 14))):
        parents = draw(st.sets(st.integers(max(0, at - 4), at - 1), min_size=1, max_size=3))
        changes = draw(st.dictionaries(st.sampled_from(FILES), st.sampled_from((None, "0", "1")), max_size=2))
        nodes.append(Node(f"n{at}", [f"n{p}" for p in sorted(parents)], {"beside": f"{at // 3}", **changes}))
    return nodes


@settings(max_examples=12, deadline=None)
@given(histories(), st.booleans(), st.sampled_from([(), ("src",), ("beside", "top")]))
def test_inputs_along_the_way_are_those_of_each_commit(
    nodes: list[Node], first_parent: bool, paths: tuple[str, ...]
) -> None:
    """One walk finds the same inputs as a git call for each candidate."""
    with tempfile.TemporaryDirectory() as folder:
        ids = write_history(Path(folder) / "repo", nodes)
        repository = Repository(Path(folder) / "repo")
        bad = ids[nodes[-1].name]
        try:
            found = candidates_between(
                repository, [ids["n0"]], bad, first_parent=first_parent, paths=paths, inputs=INPUTS
            )
        except HistoryError:
            assert paths
            return
        assert found.inputs == tuple(object_ids(repository, found.ids, INPUTS))
        assert not any(own[3] for own in found.inputs)


def test_parents_are_told_of_candidates_alone(tmp_path: Path) -> None:
    """A candidate has all its parents, also outside the range, or only the first. Other commits have none."""
    ids = write_history(tmp_path / "repo", DIAMOND)
    repository = Repository(tmp_path / "repo")
    candidates = [ids["merge"], ids["left"]]
    every = Parents(repository, candidates, first_parent=False)
    assert every[ids["merge"]] == (ids["left"], ids["right"])
    assert every[ids["left"]] == (ids["base"],)
    assert Parents(repository, candidates, first_parent=True)[ids["merge"]] == (ids["left"],)
    assert set(every) == set(candidates)
    assert len(every) == 2
    assert ids["right"] not in every
