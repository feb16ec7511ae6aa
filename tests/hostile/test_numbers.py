"""Numbers that a test prints or writes, however large, deep or absurd, are read or ignored."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bisector.hunt_file.suites import Suites
from bisector.phases.scoreboard import scoreboard_of
from bisector.predicate import Ending, Match, Measured, Run
from bisector.probe.discovery import find_predicate

EXAMPLES = int(os.environ.get("BISECTOR_FUZZ", "150"))
"""The number of examples for each property. A long run tries more."""

NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(["9" * 400, "1" * 5000, "0", "٣", "1e999", "nan", "-1", "", "0" * 99, "1_0", "1,000"]),
)
LINES = st.tuples(st.sampled_from(["total: ", "eval ", "allocated_words: ", "FAIL "]), NUMBERS, NUMBERS)
JSON = st.recursive(
    st.sampled_from([None, True, -3, 5, 7, math.inf, math.nan, 10**400, "x", -0.0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["passed", "total", "failed", "name", "seconds", "eval"]), inner)
    ),
    max_leaves=12,
)
SHIPPED = {
    "counter": {},
    "scoreboard": {},
    "per_test_user_time": {},
    "exit_status": {},
    "output_matches": {"pattern": r"(\d+)"},
    "markers_within": {"pattern": r"(\d+)"},
}


def _run(patterns: tuple[str, ...], lines: list[str], scoreboard: str = "") -> Run:
    matches = {
        pattern: tuple(
            Match(0.1, line, found.groups()) for line in lines if (found := re.search(pattern, line))
        )
        for pattern in patterns
    }
    return Run(1, 1, 0, ending=Ending.EXITED, exit_code=0, matches=matches, scoreboard=scoreboard)


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=st.sampled_from(sorted(SHIPPED)), lines=st.lists(LINES, max_size=3))
def test_a_predicate_judges_any_figure(name: str, lines: list[tuple[str, str, str]]) -> None:
    """The judgement is a finite ratio or a verdict, without an exception."""
    kind = find_predicate(name, Path())
    predicate = kind(kind.Options.model_validate(SHIPPED[name]))
    printed = [f"{word}{one}/{other}" for word, one, other in lines]
    run = _run(predicate.patterns, printed)
    reference = _run(predicate.patterns, ["total: 3/3", "allocated_words: 10"])
    judgement = predicate.judge(run, reference if predicate.paired else None)
    assert name == "output_matches" or not re.search(r"\b(inf|nan)\b", judgement.why)
    if isinstance(judgement, Measured):
        assert 0 < judgement.value < math.inf


@settings(max_examples=EXAMPLES, deadline=None)
@given(lines=st.lists(LINES, max_size=3), document=JSON | st.text(max_size=20))
@example(lines=[], document={"passed": 1, "total": 2, "seconds": math.inf})
@example(lines=[("eval ", "1" * 5000, "3")], document=None)
def test_any_scoreboard_is_read_or_passed_over(lines: list[tuple[str, str, str]], document: object) -> None:
    """The result can be written as JSON, which has no infinity."""
    _shown([f"{word}{one}/{other}" for word, one, other in lines], json.dumps(document))


def test_a_deep_scoreboard_is_passed_over() -> None:
    """A scoreboard that is deeper than Python's own stack is ignored."""
    _shown([], "[" * 100_000)


def _shown(lines: list[str], scoreboard: str) -> None:
    suites = Suites()
    board = scoreboard_of(_run(suites.patterns, lines, scoreboard), suites)
    if board:
        scores = [*board.suites.values(), board.total]
        assert all(score.passed >= 0 and score.total >= 0 for score in scores)
        json.dumps([score.seconds for score in scores], allow_nan=False)
        assert board.worst is not None
