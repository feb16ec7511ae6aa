"""Ranges that fit the model. Every parameter is from a fixed list and unknown to the search."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from benchmarks.calibration.worlds import Case, World, flips, measured, one_step, with_untestable
from bisector.search import Exact, Flaky, Noise, Timing

UNTESTABLE = (0.1, 0.3)
FLIPS = (0.01, 0.05, 0.1, 0.2)
ONE_SIDED = (0.3, 0.5)
"""Shares of the runs in which a bug does not show."""
TIMINGS = ((0.05, 1.5), (0.1, 1.65), (0.2, 2.0), (0.1, 1.3), (0.2, 1.5))
"""Spread of the logarithm, and factor of the step: 8.1, 5.0, 3.5, 2.6 and 2.0 spreads."""


def exact(share: float) -> Callable[[random.Random], World]:
    """Verdicts without errors. `share` of the commits is untestable."""

    def make(rng: random.Random) -> World:
        steps = one_step(rng)
        return steps.world(with_untestable(rng, steps.graph, share, flips(rng, steps, 0.0, 0.0)))

    return make


def flaky(false_bad: float, false_good: float, untestable: float = 0.0) -> Callable[[random.Random], World]:
    """Flaky verdicts."""

    def make(rng: random.Random) -> World:
        steps = one_step(rng)
        probe = flips(rng, steps, false_bad, false_good)
        return steps.world(with_untestable(rng, steps.graph, untestable, probe))

    return make


def timed(spread: float, factor: float, untestable: float = 0.0) -> Callable[[random.Random], World]:
    """Measured values with a lognormal spread."""

    def make(rng: random.Random) -> World:
        steps = one_step(rng)
        probe = measured(steps, factor, lambda: rng.gauss(0.0, spread))
        return steps.world(with_untestable(rng, steps.graph, untestable, probe))

    return make


def cases() -> Iterator[Case]:
    """All cases that fit the model."""
    for share in (0.0, *UNTESTABLE):
        yield Case("Exact", f"{share:.0%} untestable", Exact(), exact(share))
    unknown: Noise = Flaky()
    for rate in FLIPS:
        yield Case("Flaky", f"flips at {rate:g}", unknown, flaky(rate, rate))
    yield Case("Flaky", "flips at 0.05, 10% untestable", unknown, flaky(0.05, 0.05, 0.1))
    for hides in ONE_SIDED:
        yield Case("Flaky", f"bug hides in {hides:.0%} of runs", unknown, flaky(0.0, hides))
        real = Flaky(failure_is_real=True)
        yield Case("Flaky", f"the same, {hides:.0%}, failures known to be real", real, flaky(0.0, hides))
    for spread, factor in TIMINGS:
        yield Case("Timing", f"spread {spread:g}, step x{factor:g}", Timing(), timed(spread, factor))
    yield Case("Timing", "spread 0.1, step x1.65, ratios", Timing(ratio=True), timed(0.1, 1.65))
    yield Case("Timing", "spread 0.1, step x1.65, 10% untestable", Timing(), timed(0.1, 1.65, 0.1))
