"""What a finished or running test says about its commit."""

from __future__ import annotations

from typing import Any

import pytest

from bisector.errors import UsageError
from bisector.predicate import Bad, Good, Judgement, Options, Predicate, Run
from bisector.probe.execution import Execution
from bisector.probe.judge import Judge

RUN = Run(1.0, 1.0, 0.0)


class Told(Predicate[Options]):
    """Returns a fixed judgement."""

    name = "told"
    Options = Options

    def __init__(self, judged: Any = None, watched: Good | Bad | None = None) -> None:
        super().__init__(Options())
        self._judged = judged
        self._watched = watched

    def watch(self, run: Run) -> Good | Bad | None:
        return self._watched

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        if isinstance(self._judged, Exception):
            raise self._judged
        return self._judged  # type: ignore[no-any-return]


def test_what_ended_a_run_is_its_judgement() -> None:
    """The predicate is not called again."""
    assert Judge(Told(Bad("late"))).judgement(Execution(RUN, Good("early")), None) == Good("early")
    assert Judge(Told(Bad("late"))).judgement(Execution(RUN), None) == Bad("late")


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (KeyError("total"), r"told failed on a finished test \(KeyError: 'total'\); fix it"),
        ("good", "told returned 'good', which is not a judgement"),
        (None, "told returned None, which is not a judgement"),
        (UsageError("its own sentence"), "^its own sentence$"),
    ],
)
def test_a_predicate_at_fault_is_told_in_a_sentence(judged: object, said: str) -> None:
    """The user has to fix it, and it is not a verdict on the commit."""
    with pytest.raises(UsageError, match=said):
        Judge(Told(judged)).judgement(Execution(RUN), None)


@pytest.mark.parametrize("full_run", [False, True])
def test_a_full_run_is_ended_for_bad_alone(full_run: bool) -> None:
    """A good run continues to its end, so that it can be measured."""
    assert Judge(Told(watched=Bad("sure")), full_run=full_run).watch()(RUN) == Bad("sure")
    expected = None if full_run else Good("sure")
    assert Judge(Told(watched=Good("sure")), full_run=full_run).watch()(RUN) == expected
