"""Results of other hunts are tested early: they save probes and never decide the answer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.journal import Journal
from bisector.probe.reading import Role
from tests.git_history import chain, write_history
from tests.hostile.in_process import done, standing_in
from tests.hunt.fake_engine import bad_from, hunt, plan_of, slower_from
from tests.hunt.test_jobs import graphs

LINE = [[], *([at] for at in range(99))]
LENGTH, CULPRIT = 40, 23
HUNT = """
hunt: {name}
repository: {repo}
good: main~{back}
bad: main
test: {{command: sh test.sh {name}}}
scratch: scratch
"""


def searched(parents: Sequence[Sequence[int]], first: str, found_before: tuple[str, ...]) -> list[str]:
    """The commits that a search reads in order, given results of other hunts. Its answer is confirmed."""
    plan = replace(plan_of(parents), found_before=found_before)
    found, engine, _, _ = hunt(plan, bad_from(plan, first))
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (first, True)
    return [commit for commit, role in engine.asked if role is Role.SEARCH]


@pytest.mark.parametrize("first", [1, 37, 50, 98])
def test_a_commit_found_before_is_read_with_its_parent_and_no_other(first: int) -> None:
    """In a line of 100 commits, the search takes two readings instead of seven."""
    assert searched(LINE, f"c{first}", (f"c{first}",)) == [f"c{first}", f"c{first - 1}"]
    assert len(searched(LINE, f"c{first}", ())) >= 6


def test_a_merge_found_before_is_read_with_all_its_parents() -> None:
    """The change may have come in through any parent of the merge."""
    parents = [[], *([at] for at in range(20)), [3], [20, 21]]
    assert sorted(searched([*parents, [22]], "c22", ("c22",))) == ["c20", "c21", "c22"]


@settings(deadline=None, max_examples=30)
@given(graphs(), st.data())
def test_what_was_found_before_never_decides(parents: list[list[int]], data: st.DataObject) -> None:
    """The answer is the true first bad commit, and confirmed, even if the earlier results are wrong."""
    ids = [f"c{at}" for at in range(len(parents))]
    first = data.draw(st.sampled_from(ids))
    before = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
    searched(parents, first, tuple(before))


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 31), st.integers(0, 31), st.integers(0, 10**6))
def test_measured_steps_are_found_whatever_was_found_before(first: int, before: int, seed: int) -> None:
    """For ratios too, the result of another hunt only says where to look first."""
    plan = replace(plan_of(LINE[:32], ratio=1.3), found_before=(f"c{before}",))
    found, _, _, _ = hunt(plan, slower_from(plan, f"c{first}", 4.0, 0.03, seed))
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (f"c{first}", True)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.integers(0, 99))
def test_a_wrong_commit_found_before_costs_three_probes_at_most(first: int, before: int) -> None:
    """Another test may have another first bad commit in the same range, which costs little."""
    alone = searched(LINE, f"c{first}", ())
    assert len(searched(LINE, f"c{first}", (f"c{before}",))) <= len(alone) + 3


@pytest.mark.parametrize("elsewhere", [("elsewhere",), ("elsewhere", "nowhere")])
def test_commits_that_are_no_candidates_are_passed_over(elsewhere: tuple[str, ...]) -> None:
    """Commits that are not candidates change nothing, alone or together with a candidate."""
    assert searched(LINE, "c37", elsewhere) == searched(LINE, "c37", ())
    assert searched(LINE, "c37", (*elsewhere, "c37")) == ["c37", "c36"]


def test_a_commit_that_changes_no_declared_input_is_no_candidate() -> None:
    """If another hunt found a commit that changes no declared input, this hunt ignores that."""
    plan = plan_of(LINE, keep=range(0, 100, 3))
    told = replace(plan, found_before=("c37",))
    asked = [hunt(one, bad_from(one, "c60"))[1].asked for one in (plan, told)]
    assert asked[0] == asked[1]


def sample(folder: Path, repo: str, name: str, value: int = CULPRIT) -> dict[str, str]:
    """A repository, created if it is missing, with a test that fails from `value` on, and its hunt file."""
    if not (folder / repo).exists():
        files = {
            at: {"value": f"{at}\n", "test.sh": f"test $(cat value) -lt {value}\n"} for at in range(LENGTH)
        }
        ids = write_history(folder / repo, chain(LENGTH, files))
    else:
        ids = {}
    (folder / f"{name}.yaml").write_text(HUNT.format(repo=repo, name=name, back=LENGTH - 1))
    return ids


def hunted(name: str) -> str:
    """The screen output of a hunt that succeeds."""
    ended = done("run", "--config", f"{name}.yaml")
    assert ended.code == 0, ended.err
    return ended.out + ended.err


def journalled(folder: Path, name: str) -> list[str]:
    """The commits that the search of a hunt read, from the journal."""
    with closing(Journal(folder / "scratch/journal.sqlite")) as journal:
        (row,) = (row for row in journal.hunts() if row.name == name)
        assert isinstance(row.conclusion, FirstBad)
        assert row.conclusion.confirmed
        return [one.commit for one in journal.readings(row.id) if one.role is Role.SEARCH]


def test_a_second_hunt_looks_where_the_first_one_ended(tmp_path: Path) -> None:
    """With another test over the same range, a hunt reads only the first bad commit and its parent."""
    ids = sample(tmp_path, "repo", "ocaml")
    sample(tmp_path, "repo", "lua")
    culprit, parent = ids[f"c{CULPRIT}"], ids[f"c{CULPRIT - 1}"]
    with standing_in(tmp_path):
        assert "early: the hunt" not in hunted("ocaml")
        said = hunted("lua")
    assert f"testing {culprit[:12]} early: the hunt ocaml found it" in said
    assert journalled(tmp_path, "lua") == [culprit, parent]
    assert len(journalled(tmp_path, "ocaml")) > 2


@pytest.mark.parametrize("how", ["not confirmed", "another history"])
def test_other_hunts_have_no_influence(tmp_path: Path, how: str) -> None:
    """A result that was not confirmed, or is from another history, is not mentioned and costs no probe."""
    sample(tmp_path, "repo", "lua")
    sample(tmp_path, "repo" if how == "not confirmed" else "other", "ocaml", CULPRIT - 1)
    with standing_in(tmp_path):
        hunted("ocaml")
        if how == "not confirmed":
            doubt(tmp_path / "scratch/journal.sqlite")
        assert "early: the hunt" not in hunted("lua")
    assert len(journalled(tmp_path, "lua")) > 2


def doubt(path: Path) -> None:
    """Change the journal so that its only hunt ended without a confirmation."""
    with closing(Journal(path)) as journal:
        (row,) = journal.hunts()
        assert isinstance(row.conclusion, FirstBad)
        journal.conclude(row.id, replace(row.conclusion, confirmed=False))
