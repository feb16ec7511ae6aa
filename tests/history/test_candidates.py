"""Candidates are the commits git bisect would consider."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.errors import HistoryError
from bisector.history.candidates import Candidates, candidates_between, collapse
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
    """With first_parent only bad's own branch is searched."""
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
    """The number of candidates is what `git rev-list --bisect-all` counts, with several good commits."""
    ids = write_history(tmp_path / "repo", DIAMOND)
    found = candidates_between(Repository(tmp_path / "repo"), [ids["base"], ids["left"]], ids["tip"])
    listed = git(tmp_path / "repo", "rev-list", "--bisect-all", ids["tip"], "--not", ids["base"], ids["left"])
    assert len(found) == len(listed.splitlines())


def test_a_commit_that_changes_no_input_is_no_candidate() -> None:
    """Collapsing hands the parents of a commit without changes on to its children."""
    line = Candidates(("a", "b", "c", "d"), ((), (0,), (1,), (2,)))
    assert collapse(line, ["1", "1", "2", "3"]) == Candidates(("a", "c", "d"), ((), (0,), (1,)))


def test_the_bad_endpoint_always_stays() -> None:
    """Bad itself is kept even when it changes nothing, for it stands for what was seen."""
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
    """Among those that stay, one is an ancestor of another exactly if it was before."""
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
