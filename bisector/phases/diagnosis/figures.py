"""Figures of the two sides of a diagnosis, and their comparison."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bisector.hunt_file.diagnosis import Aspect
from bisector.phases.evidence.contract import Evidence


@dataclass(frozen=True, slots=True)
class Range:
    """The median, smallest and largest value of one aspect of a figure over its runs."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A number per run at the commit (`bad`) and at its parent (`good`); empty if not observed."""

    name: str
    good: tuple[float, ...]
    bad: tuple[float, ...]

    def range(self, aspect: Aspect) -> Range | None:
        """The range of an aspect over pairs of runs; None if a side that it needs was not observed."""
        if aspect is Aspect.VALUE:
            values: Sequence[float] = self.bad
        else:
            of = _ratio if aspect is Aspect.RATIO else _difference
            values = [of(good, bad) for good, bad in zip(self.good, self.bad, strict=False)]
        if not values or any(map(math.isnan, values)):
            return None
        return Range(statistics.median(values), min(values), max(values))


def _ratio(good: float, bad: float) -> float:
    """Bad over good: 1 for 0 over 0, infinity for a positive number over 0, NaN if one is negative."""
    if good < 0 or bad < 0:
        return math.nan
    if good == 0:
        return 1.0 if bad == 0 else math.inf
    return bad / good


def _difference(good: float, bad: float) -> float:
    return bad - good


@dataclass(frozen=True, slots=True)
class Collected:
    """The figures of one collector, or in `missing` why there are none; `notes` are shown to the user."""

    collector: str
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""

    def to_json(self) -> dict[str, object]:
        """The evidence as JSON values."""
        return {
            "collector": self.collector,
            "figures": {f.name: {"good": list(f.good), "bad": list(f.bad)} for f in self.figures},
            "notes": list(self.notes),
            "missing": self.missing,
        }


def from_json(document: Mapping[str, Any]) -> Collected:
    """Parse the output of `Collected.to_json`."""
    figures = document["figures"].items()
    return Collected(
        collector=document["collector"],
        figures=tuple(Figure(name, tuple(sides["good"]), tuple(sides["bad"])) for name, sides in figures),
        notes=tuple(document["notes"]),
    )


def collected(
    collector: str, absent: float | None, good: Sequence[Evidence], bad: Sequence[Evidence]
) -> Collected:
    """Combine the evidence of all runs of both sides; `absent` replaces a figure that a run lacks."""
    names = list(dict.fromkeys(name for evidence in (*bad, *good) for name in evidence.figures))
    figures = [Figure(name, _values(name, good, absent), _values(name, bad, absent)) for name in names]
    notes = dict.fromkeys(note for evidence in (*bad, *good) for note in evidence.notes)
    return Collected(collector, tuple(figures), tuple(notes))


def _values(name: str, runs: Iterable[Evidence], absent: float | None) -> tuple[float, ...]:
    """A figure's values of all runs; empty if one run lacks it."""
    values = [run.figures.get(name, absent) for run in runs]
    seen = tuple(value for value in values if value is not None)
    return seen if len(seen) == len(values) else ()
