"""The ratio above which a measured run is certainly bad."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bisector.predicate import Measured, Predicate
from bisector.probe.early import CLEAR, FIRST, Endpoints, bar
from bisector.probe.reading import Reading, Role


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
