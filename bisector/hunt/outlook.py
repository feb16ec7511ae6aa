"""How far a hunt is from its end."""

from __future__ import annotations

import math
from collections.abc import Callable

from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.estimates import premise_seconds_left, seconds_left
from bisector.hunt.events import Outlook
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Role


def outlook(
    plan: Plan, known: Known, belief_of: Callable[[Known], Belief], *, only_premise: bool = False
) -> Outlook:
    """What is left to do; before the search, every candidate is possible, and a bisection is expected."""
    readings = known.readings
    read = {plan.good[0], plan.bad}.intersection(r.commit for r in readings if r.role is Role.PREMISE)
    if only_premise:
        return Outlook(len(plan.candidates), None, premise_seconds_left(plan, readings) if read else None, {})
    if len(read) == 2 and any(r.role is not Role.PREMISE for r in readings):
        belief = belief_of(known)
        left, probes, posterior = belief.candidates_left, belief.probes_left, belief.posterior()
    else:
        left, probes, posterior = len(plan.candidates), math.log2(max(len(plan.candidates), 2)), {}
    return Outlook(left, probes, seconds_left(plan, readings, probes) if read else None, posterior)
