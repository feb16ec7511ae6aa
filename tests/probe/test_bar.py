"""The ratio above which a measured run is certainly bad."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bisector.predicate import Bad, Ending, Measured, Predicate, Run
from bisector.probe.early import CLEAR, FIRST, Endpoints, bar, sure_from
from bisector.probe.reading import Reading, Role
from predicates.figures import RatioOptions, RatioPredicate


def predicate(ratio: float) -> Predicate[Any]:
    """A predicate with this ratio."""
    return cast(Predicate[Any], SimpleNamespace(options=SimpleNamespace(ratio=ratio)))


def ends(good: Sequence[float], bad: Sequence[float]) -> Endpoints:
    """Endpoints with these measured ratios."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    read = (
        tuple(Reading("c", Role.PREMISE, Measured(value, ""), at) for value in values)
        for values in (good, bad)
    )
    return Endpoints(*read)


@pytest.mark.parametrize(
    ("good", "bad", "wanted"),
    [
        ([1.2, 1.1], [10.0, 12.0], math.sqrt(1.2 * 10.0)),
        ([0.8], [10.0], math.sqrt(10.0)),
        ([0.8], [3.0], None),
        ([0.5], [3.9], None),
    ],
    ids=["half way", "good is no faster than itself", "too near", "too near whatever good was"],
)
def test_half_way_between_the_ends(good: list[float], bad: list[float], wanted: float | None) -> None:
    """The limit is halfway on a logarithmic scale, and only if that is clearly above good."""
    assert bar(predicate(1.5), ends(good, bad)) == (wanted and pytest.approx(wanted))


@pytest.mark.parametrize(
    ("good", "ratio", "wanted"), [([1.0], 1.5, 1.0), ([0.7], 1.5, 1.0), ([1.3], 1.5, 1.3), ([1.0], 5.0, 2.5)]
)
def test_the_first_run_of_the_bad_endpoint(good: list[float], ratio: float, wanted: float) -> None:
    """The ratio is far above good, whatever a lucky pair showed, and above the ratio of the hunt."""
    assert bar(predicate(ratio), ends(good, [])) == pytest.approx(FIRST * wanted)
    assert FIRST > CLEAR


class Counted(RatioPredicate[RatioOptions]):
    """User time, as if it were a counter."""

    missing = "printed nothing"

    def figure(self, run: Run) -> float | None:
        return run.user

    def say(self, figure: float) -> str:
        return str(figure)

    def is_exact(self, run: Run, other: Run) -> bool:
        return self.has_same_digits(run, other)


def counted(good: Sequence[float], bad: Sequence[float]) -> Endpoints:
    """Endpoints with these figures, each in a pair with a reference of 1000."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    runs = {figure: Run(1.0, figure, 0.0, ending=Ending.EXITED) for figure in (1000.0, *good, *bad)}
    read = (
        tuple(
            Reading("c", Role.PREMISE, Measured(one / 1000, ""), at, runs[one], runs[1000.0]) for one in ones
        )
        for ones in (good, bad)
    )
    return Endpoints(*read)


@pytest.mark.parametrize(
    ("good", "bad", "exact"),
    [
        ([1000.0], [1210.0, 1210.0], True),
        ([1000.0, 1000.0], [1210.0, 1210.0], True),
        ([1000.0, 1000.0], [1210.0], False),
        ([1000.0, 1000.0], [1210.0, 1211.0], False),
        ([1001.0, 1000.0], [1210.0, 1210.0], False),
    ],
)
def test_exact_figures_need_not_be_far_apart(good: list[float], bad: list[float], exact: bool) -> None:
    """If both endpoints repeat to the digit, half way is enough, however near they are."""
    found = bar(Counted(RatioOptions()), counted(good, bad))
    assert found == (pytest.approx(math.sqrt(1.21)) if exact else None)


@pytest.mark.parametrize(("least", "wanted"), [(3.0, 2.4), (12.0, math.sqrt(1.2 * 12))])
def test_a_measured_pair_is_as_sure_as_one_that_was_ended(least: float, wanted: float) -> None:
    """It must be as far from good as an ended run, if bad was ended too; else one pair proves nothing."""
    measured = ends([1.2, 1.1], [10.0])
    ended = tuple(replace(one, judgement=Bad("ended", at_least=least)) for one in measured.bad)
    assert sure_from(measured.good, ended) == pytest.approx(wanted)
    assert sure_from(measured.good, measured.bad) == math.inf
