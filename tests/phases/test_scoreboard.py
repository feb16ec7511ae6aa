"""Scoreboards are read from the output of tests and from their files, and compared."""

from __future__ import annotations

import re

import pytest

from bisector.hunt.conclusion import Effect
from bisector.hunt_file.suites import Suites
from bisector.phases.guest import Guest, Side
from bisector.phases.quantify import answered
from bisector.phases.scoreboard import Score, Scoreboard, from_json, losses, scoreboard_of
from bisector.predicate import Ending, Match, Run

BY_DEFAULT = Suites()


def ran(*lines: str, wall: float = 1.0, apart: float = 0.0, suites: Suites = BY_DEFAULT) -> Run:
    """A run that printed these lines, `apart` seconds apart."""
    matches: dict[str, list[Match]] = {pattern: [] for pattern in suites.patterns}
    for at, line in enumerate(lines):
        for pattern in suites.patterns:
            if found := re.search(pattern, line):
                matches[pattern].append(Match(wall - apart * (len(lines) - 1 - at), line, found.groups()))
    return Run(wall, wall, 0.0, ending=Ending.EXITED, exit_code=0, matches=matches)


@pytest.mark.parametrize(
    ("lines", "total", "suites"),
    [
        (
            ["parse: 67/67", "eval: 168/169", "total: 235/236"],
            "235/236",
            {"parse": "67/67", "eval": "168/169"},
        ),
        (["ok 376/376 tcl-on-sx tests passed"], "376/376", {"ok": "376/376"}),
        (["185/185 passed"], "185/185", {}),
        (["  tokenizer suite: 3/4", "2026/01/02", "see lib/tcl/1/2"], "3/4", {"tokenizer suite": "3/4"}),
        (["a: 1/2", "b: 3/3"], "4/5", {"a": "1/2", "b": "3/3"}),
    ],
    ids=["suites and total", "a sentence", "no name", "dates and paths", "no total"],
)
def test_suites_are_found_in_the_output(lines: list[str], total: str, suites: dict[str, str]) -> None:
    """The usual formats of test results are recognised without a pattern."""
    board = scoreboard_of(ran(*lines), Suites())
    assert board is not None
    assert (str(board.total), {name: str(score) for name, score in board.suites.items()}) == (total, suites)


def test_a_run_that_says_nothing_has_no_scoreboard() -> None:
    """Without a matching line there is no scoreboard."""
    assert scoreboard_of(ran("all is well"), Suites()) is None


@pytest.mark.parametrize(
    ("text", "total", "suites"),
    [
        ('{"suites": {"eval": {"passed": 1, "total": 2}}, "passed": 1, "total": 2}', "1/2", {"eval": "1/2"}),
        (
            '{"total_pass": 5, "total": 6, "suites": [{"name": "ring", "pass": 5, "total": 6}]}',
            "5/6",
            {"ring": "5/6"},
        ),
        ('{"programs": {"fib": {"pass": 2, "fail": 1}}}', "2/3", {"fib": "2/3"}),
    ],
    ids=["a key each", "a list", "failures"],
)
def test_suites_are_found_in_json(text: str, total: str, suites: dict[str, str]) -> None:
    """Scoreboard files have different forms and the same contents."""
    board = from_json(text)
    assert board is not None
    assert (str(board.total), {name: str(score) for name, score in board.suites.items()}) == (total, suites)


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"passed": true, "total": 1}', '{"a": {"passed": 1}}']
)
def test_what_holds_no_score_is_no_scoreboard(text: str) -> None:
    """A file of another kind is not an empty scoreboard."""
    assert from_json(text) is None


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ('"fail coro-generator-3: expected 31, got 30"', "coro-generator-3"),
        ("FAIL event-loop (expected: done)", "event-loop"),
        ("not ok 12 - parses nothing", "parses"),
        ("failed: 0", None),
        ("no failures", None),
    ],
    ids=["sample history", "upper case", "tap", "a count", "in a sentence"],
)
def test_failed_tests_are_named(line: str, test: str | None) -> None:
    """A line about a failed test gives its name."""
    board = scoreboard_of(ran(line, "total: 1/2"), Suites())
    assert board is not None
    assert board.failed == ({test} if test else set())


def test_the_worst_suite_is_the_slowest_where_times_are_known() -> None:
    """The worst suite is found by printed seconds, or by the times of lines, or by failures, or by size."""
    timed = Suites(pattern=r"(?P<suite>\w+) (?P<passed>\d+)/(?P<total>\d+) (?P<seconds>[\d.]+)s")
    boards = [
        scoreboard_of(ran("a 9/9 0.1s", "b 1/1 2.5s", suites=timed), timed),
        scoreboard_of(ran("a: 1/1", "b: 9/9", "c: 1/1", wall=10.0, apart=2.0), Suites()),
        scoreboard_of(ran("a: 9/9", "b: 1/3"), Suites()),
        scoreboard_of(ran("a: 9/9", "b: 1/1"), Suites()),
    ]
    assert [board.worst for board in boards if board] == ["b 2.5 s", "a 6 s", "b, 2 failed", "a, 9 tests"]


def test_losses_are_told_test_by_test() -> None:
    """A suite may grow. It may not pass less, fail more, or disappear."""
    before = Scoreboard({"a": Score(3, 3), "b": Score(2, 3)}, Score(5, 6), frozenset({"b-1"}))
    grown = Scoreboard(
        {"a": Score(9, 9), "b": Score(2, 3), "c": Score(0, 1)}, Score(11, 12), frozenset({"b-1"})
    )
    assert losses(grown, before) == []
    worse = Scoreboard({"a": Score(9, 10)}, Score(9, 10), frozenset({"a-7"}))
    assert losses(worse, before) == [
        "the test a-7 fails",
        "a: 9/10 pass, 3/3 before",
        "the suite b is missing (2/3 before)",
    ]


def guest(name: str, ratio: float | None, bad: Ending = Ending.EXITED) -> Guest:
    """A test suite whose test takes `ratio` times as long at bad, or ends there in another way."""
    good = Side("g", [ran("total: 5/5")], Suites())
    worse = Run(1.0, 1.0, 0.0, ending=bad, exit_code=0 if bad is Ending.EXITED else None)
    effect = Effect(ratio, ratio * 0.9, ratio * 1.1, 3) if ratio else None
    return Guest(name, good, Side("b", [worse], Suites()), 1.5, effect)


@pytest.mark.parametrize(
    ("guests", "begins"),
    [
        ([guest("a", 1.0), guest("b", 0.8)], "No regression: the slowest guest, a, takes 1.00x [0.90, 1.10]"),
        ([guest("a", 1.4)], "No regression"),
        ([guest("a", 30.0), guest("b", 28.0)], "Uniform: both guests are slower, by 28.0x to 30.0x"),
        (
            [guest("a", 30.0), guest("b", 2.0)],
            "Both guests are hit, so the cause is in the substrate, but not alike",
        ),
        ([guest("a", 30.0), guest("b", 1.0)], "It varies: a (30.0x slower) stands out, b does not"),
        ([guest("a", None, Ending.MEMORY_LIMIT), guest("b", 1.0)], "It varies: a (OOM-killed) stands out"),
        (
            [guest("a", None, Ending.TIMEOUT), guest("b", 3.0)],
            "Both guests are hit: a (timeout), b (3.0x slower)",
        ),
        ([guest("a", 3.0)], "There is a regression: a (3.0x slower)"),
        ([guest("a", None)], "No answer: no guest"),
    ],
    ids=["none", "below", "uniform", "not alike", "varies", "oom", "both", "one", "nothing"],
)
def test_the_plan_s_question_is_answered(guests: list[Guest], begins: str) -> None:
    """Uniform, or which test suite differs, or no regression."""
    assert answered(guests).startswith(begins)
