"""The contract of every predicate, for use in the tests of any predicate.

`runs` generates finished runs of every kind, including odd ones. `so_far_and_finished` generates a run in
progress and the same run at its end. The `check_...` functions raise AssertionError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from bisector.predicate import Bad, Ending, Ends, Good, Match, Measured, Options, Predicate, Run, Untestable

LINES = [
    "(ok-len 3 12)",
    "total: 376/376",
    "0/0",
    "parse 12/67",
    "allocated_words: 12345",
    "x: 0",
    "FAIL",
    "9/1",
    "Fatal error: exception Out_of_memory",
    "thread 'main' has overflowed its stack",
    "error: cannot open /tmp/x.",
]
TIMES = st.floats(0, 1e6)


def _match(pattern: str, line: str, at: float) -> Match | None:
    found = re.search(pattern, line)
    return Match(at, line, found.groups()) if found else None


def _matches(patterns: Sequence[str], lines: Sequence[tuple[float, str]]) -> dict[str, tuple[Match, ...]]:
    return {
        pattern: tuple(found for at, line in sorted(lines) if (found := _match(pattern, line, at)))
        for pattern in patterns
    }


@st.composite
def runs(draw: st.DrawFn, predicate: Predicate[Any]) -> Run:
    """A finished run, as `execute` returns it, with lines that shipped predicates look for."""
    ending = draw(st.sampled_from([ending for ending in Ending if ending is not Ending.JUDGED]))
    wall = draw(TIMES)
    printed = draw(st.lists(st.sampled_from(LINES), max_size=3))
    lines = draw(st.lists(st.tuples(st.floats(0, wall), st.sampled_from(LINES)), max_size=5))
    return Run(
        wall=wall,
        user=draw(TIMES),
        system=draw(TIMES),
        peak_memory=draw(st.none() | st.integers(0, 2**45)),
        oom_kills=draw(st.integers(1, 3)) if ending is Ending.MEMORY_LIMIT else 0,
        ending=ending,
        exit_code=draw(st.integers(0, 255)) if ending is Ending.EXITED else None,
        signal=draw(st.integers(1, 64)) if ending is Ending.SIGNALLED else None,
        matches=_matches(predicate.patterns, lines),
        output="\n".join(printed),
    )


@st.composite
def so_far_and_finished(draw: st.DrawFn, predicate: Predicate[Any]) -> tuple[Run, Run]:
    """A run at some moment, and how it ended."""
    finished = draw(runs(predicate))
    moment = draw(st.floats(0, finished.wall))
    seen = {
        pattern: tuple(match for match in found if match.at <= moment)
        for pattern, found in finished.matches.items()
    }
    so_far = replace(
        finished, wall=moment, ending=None, exit_code=None, signal=None, oom_kills=0, matches=seen
    )
    return so_far, finished


def check_description(kind: type[Predicate[Any]], name: str) -> None:
    """It has a name, a docstring of sentences, and a description for every option."""
    assert kind.name == name
    assert kind.__doc__ and kind.__doc__.strip().endswith(".")
    assert issubclass(kind.Options, Options)
    for option, field in kind.Options.model_fields.items():
        assert field.description and field.description.endswith("."), option
    assert kind.Options.model_json_schema()["additionalProperties"] is False
    if kind.paired:
        assert kind.Options.model_fields["ratio"].default > 1


def check_judgement(predicate: Predicate[Any], run: Run, baseline: Run | None) -> None:
    """Any runs have a judgement with one sentence, without a full stop at its end."""
    judgement = predicate.judge(run, baseline)
    assert isinstance(judgement, Good | Bad | Untestable | Measured)
    assert judgement.why.strip() == judgement.why != ""
    assert "\n" not in judgement.why
    assert not judgement.why.endswith(".")
    if isinstance(judgement, Measured):
        assert 0 < judgement.value < math.inf
    assert predicate.judge(run, baseline) == judgement
    if predicate.paired:
        assert not isinstance(judgement, Good)
        assert baseline is not None or isinstance(judgement, Untestable)
    else:
        assert not isinstance(judgement, Measured)


def check_review(predicate: Predicate[Any], run: Run, ends: Ends) -> None:
    """A review keeps the rules of a judgement, and gives the same for the same runs."""
    judged = predicate.judge(run, None)
    reviewed = predicate.review(judged, run, ends)
    assert isinstance(reviewed, Good | Bad | Untestable)
    assert reviewed.why.strip() == reviewed.why != ""
    assert "\n" not in reviewed.why
    assert not reviewed.why.endswith(".")
    assert predicate.review(judged, run, ends) == reviewed
    assert predicate.reviews or reviewed == judged


def check_early_judgement(predicate: Predicate[Any], so_far: Run, finished: Run) -> None:
    """An early judgement is equal to the final one."""
    early = predicate.watch(so_far)
    assert early is None or isinstance(early, Good | Bad | Untestable)
    if early is not None:
        assert type(predicate.judge(finished, None)) is type(early)


def check_at_least(predicate: Predicate[Any], so_far: Run, finished: Run, baseline: Run) -> None:
    """The value of a running test is never more than its final value."""
    least = predicate.at_least(so_far, baseline, [finished, baseline])
    judgement = predicate.judge(finished, baseline)
    if least is not None and isinstance(judgement, Measured):
        assert least <= judgement.value
    assert least is None or predicate.paired
