"""Figures of benchmarks, whatever tool wrote them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Statistic = Literal["median", "mean", "min"]

STATISTICS: Sequence[Statistic] = ("median", "mean", "min")
"""In the order in which they are preferred: the median is robust to outliers."""

_SECONDS = {
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
    "min": 60.0,
    "hr": 3600.0,
    "day": 86400.0,
}


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark of one run: positive finite figures by statistic, in `unit` (seconds if it is a time).

    `rate` is True where more is better, as in operations per second; then `min` is the highest rate, that of
    the shortest time. `short` is another name for it, which may be that of several.
    """

    name: str
    figures: Mapping[Statistic, float]
    unit: str = "s"
    rate: bool = False
    short: str = ""


def benchmark(
    name: str, figures: Mapping[Statistic, object], unit: str = "s", *, rate: bool = False, short: str = ""
) -> Benchmark:
    """A benchmark in the unit that a tool wrote, of the figures among these that are positive and finite.

    Times become seconds and rates become rates per second, since a commit may change the unit.
    """
    written, _, per = unit.partition("/")
    factor = _SECONDS.get(per if rate else written)
    if factor is not None:
        unit = f"{written}/s" if rate else "/".join(filter(None, ("s", per)))
    scale = 1.0 if factor is None else 1 / factor if rate else factor
    known = {
        statistic: figure * scale
        for statistic, figure in figures.items()
        if isinstance(figure, int | float) and 0 < figure < math.inf
    }
    return Benchmark(" ".join(name.split()), known, unit, rate, " ".join(short.split()))


def of_samples(samples: Sequence[float]) -> dict[Statistic, object]:
    """All statistics of measurements of the same thing; none of no measurement."""
    if not samples or not all(math.isfinite(sample) for sample in samples):
        return {}
    return {
        "median": statistics.median(samples),
        "mean": math.fsum(samples) / len(samples),
        "min": min(samples),
    }
