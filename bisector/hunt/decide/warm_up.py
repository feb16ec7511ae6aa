"""How many runs to discard before each measured one, from runs of the good endpoint.

After its first measured run, the reference runs once more from where the first run left it. If that is
clearly faster, and again in the next pair, first runs have to fill caches, and each run needs one before it
that is discarded. The same is then asked of the second run.
"""

from __future__ import annotations

from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Run
from bisector.probe.reading import Reading, Role

COLD = 1.3
"""A first run this many times as long as the next one is slower for a reason."""
_LEAST_SECONDS = 0.02
_MOST = 3
_LOOKS = 2
"""Looks that must agree, since other work on the machine may slow one run down."""


def warm_up(plan: Plan, known: Known) -> tuple[int, bool]:
    """How many runs to discard, and whether to look if one more is needed."""
    if plan.ratio is None:
        return 0, False
    if plan.repeats.warm_up is not None:
        return plan.repeats.warm_up, False
    taken = [reading.reference for reading in _premise(known) if reading.reference]
    for discarded in range(_MOST):
        runs = [run for run in taken if run.discarded == discarded]
        cold = [_is_cold(run) for run in runs if run.again is not None]
        if not runs or cold == [True]:
            return discarded, True
        if sum(cold) < _LOOKS:
            return discarded, False
    return _MOST, False


def usable(plan: Plan, known: Known) -> Known:
    """The facts that a decision may use, oldest first.

    Without readings that a busy machine left undecided, and without those taken before it was clear how many
    runs to discard.
    """
    known, (discarded, _) = known.settled().in_order(), warm_up(plan, known)
    cold = {id(r) for r in known.readings if r.reference and r.reference.discarded < discarded}
    if not cold or plan.repeats.warm_up is not None:
        return known
    return Known(tuple(r for r in known.readings if id(r) not in cold), known.untestable)


def _premise(known: Known) -> list[Reading]:
    return [reading for reading in known.readings if reading.role is Role.PREMISE]


def _is_cold(run: Run) -> bool:
    seconds = run.with_a_cpu(run.wall)
    return run.again is not None and seconds > max(COLD * run.again, run.again + _LEAST_SECONDS)
