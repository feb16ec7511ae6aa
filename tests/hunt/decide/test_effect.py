"""Ratios and their intervals."""

from __future__ import annotations

import math
import random

import pytest

from bisector.hunt.decide.effect import estimate, student_t_quantile


@pytest.mark.parametrize(
    ("degrees", "probability", "value"),
    [
        (1, 0.975, 12.7062),
        (2, 0.975, 4.30265),
        (3, 0.995, 5.84091),
        (10, 0.95, 1.81246),
        (30, 0.975, 2.04227),
    ],
)
def test_quantiles_are_those_of_the_tables(degrees: int, probability: float, value: float) -> None:
    """The quantiles of Student's t are those of the printed tables."""
    assert student_t_quantile(probability, degrees) == pytest.approx(value, rel=1e-5)


def test_one_ratio_has_no_interval() -> None:
    """One pair says nothing about its own spread."""
    effect = estimate([2.0])
    assert (effect.ratio, effect.low, effect.high) == (2.0, 0.0, math.inf)


def test_equal_ratios_are_sure() -> None:
    """The interval of a deterministic counter has no width."""
    effect = estimate([1.5, 1.5, 1.5])
    assert effect.low == pytest.approx(1.5) == effect.high


def test_one_outlier_in_twelve_moves_little() -> None:
    """One run of twelve that takes 1.6 times as long neither moves the estimate nor hides the step."""
    clean = [1.28, 1.29, 1.30, 1.30, 1.30, 1.31, 1.31, 1.32, 1.33, 1.29, 1.31]
    effect = estimate([*clean, 1.3 * 1.6])
    assert effect.ratio == pytest.approx(1.3, rel=0.02)
    assert 1.25 < effect.low < effect.high < 1.37


@pytest.mark.parametrize("count", [3, 5, 8, 20])
def test_the_interval_holds_the_truth_as_often_as_it_says(count: int) -> None:
    """About 95% of the intervals over 2,000 samples of log-normal ratios contain the true ratio."""
    rng = random.Random(1)
    held = 0
    for _ in range(2000):
        effect = estimate([1.3 * rng.lognormvariate(0, 0.1) for _ in range(count)])
        held += effect.low <= 1.3 <= effect.high
    assert 0.94 <= held / 2000 <= 0.98
