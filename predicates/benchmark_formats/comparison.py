"""Benchmarks of two runs, compared."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .results import STATISTICS, Benchmark, Statistic

_NAMED = 3
"""Benchmarks that a list in a sentence names."""

_SCALES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ratio of one run to another, above 1 if it is slower, and the sentence that says it."""

    ratio: float
    why: str


@dataclass(frozen=True, slots=True)
class _Pair:
    ours: Benchmark
    theirs: Benchmark
    statistic: Statistic

    @property
    def ratio(self) -> float:
        return cost(self.ours, self.statistic) / cost(self.theirs, self.statistic)


def statistic_of(wanted: Statistic | None, *benchmarks: Benchmark) -> Statistic | None:
    """The statistic to compare, which all of these must have; by default the first of `STATISTICS`."""
    offered = [one for one in STATISTICS if all(one in benchmark.figures for benchmark in benchmarks)]
    if wanted is not None:
        return wanted if wanted in offered else None
    return offered[0] if offered else None


def cost(benchmark: Benchmark, statistic: Statistic) -> float:
    """The figure as a time; the inverse of a rate."""
    figure = benchmark.figures[statistic]
    return 1 / figure if benchmark.rate else figure


def geometric_mean(figures: Collection[float]) -> float:
    """exp(mean(log x)): the mean of ratios that does not depend on which run is the reference.

    P. J. Fleming, J. J. Wallace, How not to lie with statistics (CACM 1986). The figures must be positive.
    """
    return math.exp(math.fsum(map(math.log, figures)) / len(figures))


def compared(
    ours: Sequence[Benchmark], theirs: Sequence[Benchmark], wanted: Statistic | None
) -> Comparison | str:
    """The comparison of the benchmarks that both runs have in the same unit; why there is none."""
    reference = {one.name: one for one in theirs}
    pairs = [
        _Pair(one, other, statistic)
        for one in ours
        if (other := reference.get(one.name)) and (one.unit, one.rate) == (other.unit, other.rate)
        if (statistic := statistic_of(wanted, one, other))
    ]
    names = [pair.ours.name for pair in pairs]
    apart = _apart([one.name for one in ours], list(reference), names)
    ratios = [pair.ratio for pair in pairs]
    if not all(0 < ratio < math.inf for ratio in ratios):
        return "the two runs are too far apart to compare"
    if not pairs:
        return f"the two runs have no benchmark in common{apart}"
    ratio = geometric_mean(ratios)
    return Comparison(ratio, (_of_one(pairs[0]) if len(pairs) == 1 else _of_many(pairs, ratio)) + apart)


def listed(names: Sequence[str]) -> str:
    """The first of these names, in quotes, and the number of the others."""
    shown = ", ".join(map(repr, names[:_NAMED]))
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _of_one(pair: _Pair) -> str:
    one, statistic = pair.ours, pair.statistic
    figure, its = (_shown(side.figures[statistic], side.unit) for side in (one, pair.theirs))
    than = "slower than" if one.rate else ""
    times = f"{pair.ratio:.2f}x {than}".strip()
    return f"{one.name!r} with a {statistic} of {figure}, {times} the reference's {its}"


def _of_many(pairs: Sequence[_Pair], ratio: float) -> str:
    statistics = " or ".join(dict.fromkeys(pair.statistic for pair in pairs))
    worst = max(pairs, key=lambda pair: pair.ratio)
    return (
        f"{ratio:.2f}x the reference, geometric mean over the {statistics} of {len(pairs)} benchmarks; "
        f"the worst is {worst.ours.name!r}, {worst.ratio:.2f}x"
    )


def _apart(ours: Sequence[str], theirs: Sequence[str], both: Collection[str]) -> str:
    """The benchmarks of one run that the other has not, or not in that unit."""
    lists = (
        ("missing in the reference's run", [name for name in ours if name not in both]),
        ("missing in this run", [name for name in theirs if name not in both]),
    )
    return "".join(f"; {what}: {listed(names)}" for what, names in lists if names)


def _shown(figure: float, unit: str) -> str:
    if unit.partition("/")[0] != "s":
        return f"{figure:,.4g} {unit}".strip()
    scale, name = next((one for one in _SCALES if figure >= one[0]), _SCALES[-1])
    return f"{figure / scale:.4g} {name}{unit[1:]}"
