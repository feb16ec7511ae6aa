"""What a hunt says of endpoints that its predicate judges alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bisector.hunt.conclusion import NoRegression
from bisector.hunt.decide.endings import with_endings
from bisector.predicate import Ending, Good, Judgement, Measured, Run
from bisector.probe.reading import Reading, Role


def runs(walls: list[float], judgement: Judgement, code: int = 0) -> list[Reading]:
    return [
        Reading(
            "c",
            Role.PREMISE,
            judgement,
            datetime(2026, 1, 1, tzinfo=UTC),
            run=Run(wall, wall, 0.0, ending=Ending.EXITED, exit_code=code),
        )
        for wall in walls
    ]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ([0.10], [0.13] * 5, True),
        ([0.10], [0.13] * 4, False),
        ([0.10], [*[0.13] * 8, 0.12], False),
        ([0.010], [0.019] * 9, False),
        ([0.2, 0.1], [0.15] * 5, True),
    ],
)
def test_a_bad_endpoint_that_only_takes_longer(good: list[float], bad: list[float], told: bool) -> None:
    """Several runs that are all slower than the fastest good one are named, with the predicate for them."""
    found = with_endings(NoRegression("alike"), runs(good, Good("x")), runs(bad, Good("x")))
    assert isinstance(found, NoRegression)
    assert ("hunt it with `wall_time`" in found.why) is told


def test_measured_endpoints_are_not_timed_again() -> None:
    """Their predicate has measured something else on purpose."""
    one = Measured(1.0, "x")
    assert with_endings(NoRegression("alike"), runs([0.1], one), runs([0.2] * 9, one)).why == "alike"


def test_another_ending_is_named() -> None:
    """An exit code that differs is a regression that another predicate finds."""
    found = with_endings(NoRegression("alike"), runs([0.1], Good("x")), runs([0.1], Good("x"), code=1))
    assert "hunt it with `exit_status`" in found.why
