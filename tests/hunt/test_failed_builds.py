"""Commits that do not build are told in groups, with where the history fixes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bisector.history.candidates import Candidates
from bisector.hunt.failed_builds import FailedBuilds, failed_builds, masked
from bisector.hunt.known import Known
from bisector.predicate import Bad, Good, Judgement, Untestable
from bisector.probe.reading import KnownUntestable, Reading, Role

AT = datetime(2026, 1, 1, tzinfo=UTC)
FAILS = "the build fails (exit 2): foo.h: No such file"


def _line(length: int) -> Candidates:
    ids = tuple(f"c{at}" for at in range(1, length + 1))
    return Candidates(ids, tuple((at - 1,) if at else () for at in range(length)))


def _groups(every: Candidates, read: dict[str, Judgement | str], fixed: str = "") -> list[FailedBuilds]:
    """The groups after these readings; a text is the reason why a commit does not build."""
    readings = [
        Reading(
            commit,
            Role.SEARCH,
            Untestable(said) if isinstance(said, str) else said,
            AT,
            fix_ups="edit x" if commit == fixed else "",
        )
        for commit, said in read.items()
    ]
    parents = {
        one: tuple(every.ids[at] for at in above) for one, above in zip(every.ids, every.parents, strict=True)
    }
    return failed_builds(every, Known(tuple(readings)), parents)


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("the build fails (exit 2): /w/slots/1/tree/src/n.c:12:3: error: bad", "src/n.c:N:N: error: bad"),
        ("the build fails (exit 1): crash at 0x7f3a, pid 4711", "crash at ADDRESS, pid N"),
        ("the build fails (signal 9): utf8.h lib2: 3 errors", "utf8.h lib2: N errors"),
        ("the build fails (exit 1): cannot read /tmp/abc12/x.o", "cannot read PATH"),
        ("the build did not finish within 60 s", "the build did not finish within N s"),
        ("the build fails (exit 1): no; with the overlay's edit a: the build fails (exit 1): no", "no"),
    ],
)
def test_what_differs_between_runs_is_masked(why: str, error: str) -> None:
    """Numbers, addresses and paths of slots differ between commits that fail alike; names do not."""
    assert masked(why) == error


def test_neighbours_with_the_same_error_are_one_group() -> None:
    """A commit that builds parts them, and so does another error; a commit that was not tested does not."""
    read: dict[str, Judgement | str] = {"c2": FAILS, "c4": FAILS.replace("2", "1"), "c5": Good("")}
    read |= {"c6": FAILS, "c7": "the build fails (exit 2): bar.h: No such file", "c9": Bad("")}
    found = _groups(_line(9), read)
    assert [group.commits for group in found] == [("c2", "c4"), ("c6",), ("c7",)]
    assert [(group.range, group.fix) for group in found] == [("c4..c5", "c5"), ("", ""), ("c7..c9", "")]
    assert [group.builds_before for group in found] == [(), ("c5",), ()]
    assert found[2].between == 2


def test_only_builds_count() -> None:
    """A test that cannot run, a listed commit and an overlay that does not apply are no failed builds."""
    readings = (Reading("c1", Role.SEARCH, Untestable("the test's script x does not exist (exit 127)"), AT),)
    facts = (
        KnownUntestable("c2", "listed in `skip`", AT),
        KnownUntestable("c3", "the overlay edits x, which is not in this commit", AT),
        KnownUntestable("c4", FAILS, AT),
    )
    found = failed_builds(_line(4), Known(readings, facts), {})
    assert [group.commits for group in found] == [("c4",)]


def test_a_commit_that_builds_with_a_fix_up_only_fixes_nothing() -> None:
    """It says nothing about the history without the fix-up."""
    found = _groups(_line(4), {"c1": FAILS, "c2": Good(""), "c4": Good("")}, fixed="c2")
    assert found[0].range == "c1..c4"


def test_a_merge_does_not_fix_it_by_itself() -> None:
    """The fix came with the other branch, so the commit of the fix is not known."""
    every = Candidates(("a", "b", "side", "merge"), ((), (0,), (), (1, 2)))
    found = _groups(every, {"a": FAILS, "b": FAILS, "merge": Good("")})
    assert (found[0].commits, found[0].range, found[0].fix) == (("a", "b"), "b..merge", "")
    assert found[0].between == 2
