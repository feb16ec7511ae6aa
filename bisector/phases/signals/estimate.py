"""What a hunt by one signal would take: the search core's own estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bisector import search as core
from bisector.hunt.conclusion import Effect
from bisector.hunt.decide.effect import estimate
from bisector.hunt.plan import Plan

_LEAST_STEP = 1.001
"""The smallest step worth a hunt: counts of instructions repeat to about a thousandth."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A step (bad over good), and what a search for it takes.

    `separation` is the step in spreads of one reading (both of the logarithm), `readings` the expected number
    of readings of a search; infinite if the step is not certain.
    """

    step: Effect
    itself: Effect
    separation: float
    readings: float

    @property
    def found(self) -> bool:
        """Whether bad is certainly above good, by more than good differs from itself."""
        clear = self.step.low > max(1.0, self.itself.ratio) and self.step.ratio > self.itself.high
        return clear and self.step.ratio >= _LEAST_STEP and math.isfinite(self.readings)

    @property
    def spread(self) -> float:
        """The spread of one reading as a share: 0.02 for 2%."""
        return math.expm1(abs(math.log(self.step.ratio)) / self.separation) if self.separation else math.inf

    @property
    def ratio(self) -> float:
        """The `ratio` to hunt with: the geometric middle between no change and the step."""
        return max(round(math.sqrt(self.step.ratio), 3), 1.0005)


def outlook(plan: Plan, of_good: Sequence[float], of_bad: Sequence[float]) -> Outlook:
    """From ratios of good to itself and of bad to good, at least two each."""
    search = core.Search(
        core.CommitGraph(plan.candidates.parents), noise=core.Timing(ratio=True), confidence=plan.confidence
    )
    last = len(plan.candidates) - 1
    search.observe_all(
        core.Observation(at, core.Measured(value))
        for at, values in ((-1, of_good), (last, of_bad))
        for value in values
    )
    step, itself = estimate(of_bad), estimate(of_good)
    ruled_out = isinstance(search.conclusion, core.NoRegression | core.Misfit)
    readings = math.inf if ruled_out else search.expected_probes_left()
    return Outlook(step, itself, search.separation or 0.0, readings)
