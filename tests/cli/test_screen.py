"""What a hunt shows while it runs, on a terminal and elsewhere."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bisector.cli.lines import Lines
from bisector.cli.range_bar import RangeBar
from bisector.cli.rows import Row, row_of
from bisector.cli.screen import Screen, roughly
from bisector.cli.standing import Standing
from bisector.history.commit import CommitInfo
from bisector.hunt.events import Event, HuntBegan, Outlook, ReadingTaken, StepBegan
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.step import Step
from bisector.report.findings import Side
from tests.hunt.fake_engine import bad_from, hunt, plan_of, slower_from

LINE = [[at - 1] if at else [] for at in range(24)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def described(commit: str) -> CommitInfo:
    """A commit with a subject of its own."""
    return CommitInfo(commit, (), f"subject of {commit}", "A", NOW)


def console(*, terminal: bool = False, width: int = 80) -> Console:
    """A console that keeps what is printed."""
    return Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=width,
        height=40,
        highlight=False,
        color_system=None,
    )


def printed(where: Console) -> str:
    """Everything that was printed."""
    assert isinstance(where.file, io.StringIO)
    return where.file.getvalue()


def shown(plan: Plan, events: Iterable[Event], known: Known | None = None) -> list[str]:
    """The lines of a hunt where there is no terminal."""
    where = console(width=200)
    with Screen(where, described) as screen:
        screen(HuntBegan(plan, known or Known()))
        for event in events:
            screen(event)
    return printed(where).splitlines()


def searched(commit: str, *judgements: Judgement, against: str = "") -> list[Reading]:
    """Readings of the search."""
    return [Reading(commit, Role.SEARCH, one, NOW, against=against) for one in judgements]


def test_the_reason_is_shortened_before_the_subject() -> None:
    """At 80 columns the whole subject stays, and the reason gets what is left, if that is enough to read."""
    subject = "parser: keep the line of each token"

    def line(reason: str, width: int | None, subject: str = subject) -> str:
        commit = CommitInfo("0123456789abcdef", (), subject, "A", NOW)
        return Row("   1", commit, "untestable", None, reason).text(width).plain

    assert line("exited 125", 80) == f"   1  0123456789ab  untestable  {subject}  exited 125"
    cut = line("it does not build: " + 30 * "x", 80)
    assert len(cut) == 80 and f"{subject}  it does" in cut and cut.endswith("…")
    assert line("exited 125", 80, subject + 8 * "x").endswith("xx")
    assert line("exited 125", 80, 60 * "s").endswith("s…")
    assert line(200 * "x", None).endswith(200 * "x")


@pytest.mark.parametrize(
    ("readings", "side", "columns"),
    [
        (searched("c1", Good("x")), Side.GOOD, ["good", "", "subject of c1  x"]),
        (searched("c1", Measured(1.5, "x"), against="good"), Side.BAD, ["bad", "1.50x", "subject of c1  x"]),
        (searched("c1", Bad("x", 1.9), against="good"), Side.BAD, ["bad", ">1.9x", "subject of c1  x"]),
        (searched("c1", Untestable("x")), Side.UNTESTABLE, ["untestable", "", "subject of c1  x"]),
    ],
)
def test_side_and_ratio_have_columns(readings: list[Reading], side: Side, columns: list[str]) -> None:
    """In a measured hunt every row has the word, the ratio if there is one, and the subject, in columns."""
    text = row_of("", described("c1"), readings, side, paired=True).text().plain
    assert [text[6:18].strip(), text[18:26].strip(), text[27:].strip()] == columns


def test_a_measured_commit_has_a_side() -> None:
    """Each row says good or bad, as soon as its first pair is read."""
    plan = plan_of(LINE, ratio=1.3)
    _, _, _, events = hunt(plan, slower_from(plan, "c7", 2.0, 0.02, seed=3))
    rows = [line for line in shown(plan, events) if "subject of" in line]
    for line in rows:
        (commit,) = re.findall(r"subject of c?(\d+|good)", line)
        bad = commit != "good" and int(commit) >= 7
        assert re.search(r"  bad  .*[12]\.\d\dx" if bad else r"  good  .*[01]\.\d\dx", line), line


def test_a_commit_that_is_read_again_has_one_line_for_each_side() -> None:
    """However often a flaky commit is read, its line is printed when it is new or changes sides."""
    plan = plan_of(LINE)
    count = dict.fromkeys([*plan.every_candidate.ids, "good"], 0)

    def judge(commit: str, against: str) -> Judgement:
        count[commit] += 1
        truly = commit != "good" and int(commit[1:]) >= 9
        return Bad("bad") if truly and count[commit] % 3 else Good("good")

    _, _, readings, events = hunt(plan, judge)
    sides: dict[tuple[str, str], list[str]] = {}
    role = ""
    for line in shown(plan, events):
        role = line if line in {one.value for one in Role} else role
        for commit in re.findall(r"subject of (\w+)", line):
            sides.setdefault((role, commit), []).append("bad" if "  bad  " in line else "good")
    assert len(readings) > sum(map(len, sides.values()))
    for one in sides.values():
        assert all(before != after for before, after in itertools.pairwise(one)), sides


def test_a_terminal_shows_one_line_that_changes() -> None:
    """Lines stay open for their commits to be read again, and are printed once at the end of the stage."""
    where = console(terminal=True)
    lines = Lines(where, described, live=True)
    lines.standing = Standing(plan_of(LINE), Known())
    for reading in searched("c5", Good("g")) + searched("c7", Bad("b")) + searched("c5", Bad("b"), Bad("b")):
        lines.add(reading)
    assert [line.plain.split("  ")[0] for line in lines.shown[:1]] == ["search"]
    assert "(bad in 2 of 3 runs)" in lines.shown[1].plain
    assert len(lines.shown) == 3 and printed(where) == ""
    lines.flush()
    assert lines.shown == []
    assert [line.split()[:3] for line in printed(where).splitlines()[1:]] == [
        ["1", "c5", "bad"],
        ["2", "c7", "bad"],
    ]


def test_lines_that_changed_long_ago_make_room() -> None:
    """A long search does not fill the screen with lines that may change."""
    where = console(terminal=True)
    lines = Lines(where, described, live=True)
    for at in range(20):
        for reading in searched(f"c{at}", Good("g")) + searched("c0", Good("g")):
            lines.add(reading)
    assert len(lines.shown) == 12
    assert "subject of c0 " in lines.shown[0].plain
    assert "subject of c1 " in printed(where)


def test_probe_numbers_continue_after_an_interruption() -> None:
    """The third commit of the search is number 3, also if the first two were read by an earlier start."""
    known = Known(tuple(searched("c11", Good("g")) + searched("c17", Bad("b")) + searched("c11", Good("g"))))
    (reading,) = searched("c14", Good("g"))
    (row,) = [line for line in shown(plan_of(LINE), [ReadingTaken(reading)], known) if "c14" in line]
    assert row.startswith("   3  c14  good")


def test_the_time_left_is_there_from_the_first_second() -> None:
    """First, what is left is a number of probes; from the first reading on, also a time, which shrinks."""
    plan = plan_of(LINE)
    _, _, readings, events = hunt(plan, bad_from(plan, "c9"))
    outlooks = [event for event in events if isinstance(event, Outlook)]
    assert len(outlooks) == len(readings) + 1
    first, second, *_, last = outlooks
    assert (first.candidates_left, first.seconds_left, first.posterior) == (24, None, {})
    assert first.probes_left is not None and 4 < first.probes_left < 5
    assert second.seconds_left is not None and last.seconds_left is not None
    # A probe takes 64 seconds: the other endpoint, five of the search, and two of the confirmation.
    assert 5 * 64 < second.seconds_left < 9 * 64
    assert last.seconds_left < second.seconds_left / 3

    where = console(terminal=True)
    with Screen(where, described, clock=lambda: 0.0) as screen:
        screen(HuntBegan(plan, Known()))
        screen(first)
        screen(StepBegan("c23", Step.TESTING))
        screen(ReadingTaken(readings[0]))
        screen(StepBegan("c23", Step.TESTING))
        screen(second)
    assert "24 candidates left, about 5 more probes" in printed(where)


def test_the_range_narrows() -> None:
    """The bar marks what was read and what is tested now; dots are where the first bad commit may be."""
    bar = RangeBar([f"c{at}" for at in range(24)])

    start = bar.text({}, ["c23"], {}, 80).plain
    assert start.startswith("  good ├") and start.endswith("·?┤ bad") and len(start) <= 80
    sides = {"c11": Side.GOOD, "c17": Side.BAD, "c14": Side.UNTESTABLE}
    narrowed = bar.text(sides, ["c13"], {f"c{at}": 0.1 for at in range(12, 18)}, 80).plain
    assert re.fullmatch(r"  good ├─+●─*·+\?·*○·+✗─+┤ bad", narrowed), narrowed
    assert bar.text(sides, [], {}, 80, plain=True).plain.isascii()


def test_a_long_range_keeps_its_steps_apart() -> None:
    """Among 80,000 commits the last ten candidates still have columns of their own."""
    bar = RangeBar([str(at) for at in range(80_000)])
    sides = {"40000": Side.GOOD, "45000": Side.GOOD, "47000": Side.BAD, "46000": Side.GOOD, "46010": Side.BAD}
    text = bar.text(sides, [], {str(at): 0.1 for at in range(46_001, 46_011)}, 80).plain
    assert re.fullmatch(r"  good ├─+●─+●─*●─*··+✗─+✗─+┤ bad", text), text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "1 s"), (4.4, "4 s"), (42, "40 s"), (59.6, "60 s"), (200, "3 min"), (5000, "1 h 20 min")],
)
def test_an_estimate_is_not_more_exact_than_it_can_be(seconds: float, text: str) -> None:
    """Times left are rounded."""
    assert roughly(seconds) == text
