"""What a reading tells the search."""

from __future__ import annotations

from bisector import search as core
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.early import CLEAR
from bisector.probe.fairness import stretch
from bisector.probe.reading import Reading


def outcome_of(reading: Reading, plan: Plan, *, by_verdict: bool) -> core.Outcome:
    """The outcome of a reading; with `by_verdict`, a measured value counts as the verdict that it implies."""
    match reading.judgement:
        case Good():
            return core.Good()
        case Bad():
            return core.Bad()
        case Untestable():
            return core.Untestable()
        case Measured(value) if by_verdict:
            return core.Bad() if value > max(plan.ratio or 1.0, CLEAR) else core.Good()
        case Measured(value):
            return core.Measured(value, _disturbed(reading) if plan.by_wall_clock else 0.0)


def _disturbed(pair: Reading) -> float:
    """The standard deviation that load may have added to the logarithm of a pair's ratio of wall times.

    Load that both runs had cancels. What only one of them had may have stretched it by as much.
    """
    if pair.run is None or pair.reference is None:
        return 0.0
    return abs(stretch(pair.run) - stretch(pair.reference))
