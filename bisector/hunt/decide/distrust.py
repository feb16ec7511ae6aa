"""Endpoints that are not what the user said: is that the commit, or a build that was shared or is stale?

A build may be taken for another commit's because the hunt file forgets an input, and a slot may hold what an
earlier build left. So such an endpoint is read again from a clean build of the whole tree.
"""

from __future__ import annotations

from collections.abc import Sequence

from bisector.hunt.conclusion import BadIsGood, Conclusion, GoodIsBad, NoRegression
from bisector.hunt.decide import premise
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Measured
from bisector.probe.reading import Reading, Role

_ENOUGH = 3
"""So many clean readings must contradict all others before these are not believed: one may be chance."""

WHY = (
    "an endpoint built clean from its whole tree is not what it was before: a build is shared or not made "
    "anew (does `build.inputs` name all that is read?); from here on everything is built clean"
)


def is_clean(reading: Reading) -> bool:
    """Whether an endpoint was read from a clean build of its whole tree."""
    return reading.role is Role.PREMISE and bool(reading.about)


def trusted(readings: Sequence[Reading]) -> list[Reading]:
    """The readings without those of endpoints that were not built clean."""
    return [r for r in readings if r.role is not Role.PREMISE or is_clean(r)]


def is_surprising(good: Sequence[Reading], bad: Sequence[Reading]) -> bool:
    """Whether a verdict on an endpoint is not as the user said."""
    return _has(good, Bad) or _has(bad, Good)


def to_check(conclusion: Conclusion, good: Sequence[Reading], bad: Sequence[Reading]) -> str:
    """The endpoint to be read from a clean build before the conclusion is believed; empty for none."""
    doubtful = {GoodIsBad: [good], NoRegression: [bad], BadIsGood: [bad, good]}.get(type(conclusion), [])
    return next((readings[0].commit for readings in doubtful if not any(map(is_clean, readings))), "")


def is_due(plan: Plan, readings: Sequence[Reading]) -> bool:
    """Whether an endpoint built clean is not what it was before, so that everything has to be built clean."""
    premises = [reading for reading in readings if reading.role is Role.PREMISE]
    ends = (plan.good[0], plan.bad)
    return any(are_misled([r for r in premises if r.commit == end], plan.ratio) for end in ends)


def are_unsettled(readings: Sequence[Reading], ratio: float | None) -> bool:
    """Whether the clean readings of an endpoint contradict all others of it, and are too few to tell."""
    return _contradicted(readings, ratio) and not are_misled(readings, ratio)


def are_misled(readings: Sequence[Reading], ratio: float | None) -> bool:
    """Whether enough clean readings of an endpoint contradict all others of it."""
    return _contradicted(readings, ratio) and len([r for r in readings if is_clean(r)]) >= _ENOUGH


def _contradicted(readings: Sequence[Reading], ratio: float | None) -> bool:
    clean = [reading for reading in readings if is_clean(reading)]
    others = [reading for reading in readings if not is_clean(reading)]
    if not clean or not others:
        return False
    if {type(r.judgement) for r in clean} & {type(r.judgement) for r in others} - {Measured}:
        return False
    one, other = premise.measured(clean), premise.measured(others)
    if not one or not other:
        return True
    apart = ratio or 1.0
    return min(one) > apart * max(other) or min(other) > apart * max(one)


def _has(readings: Sequence[Reading], kind: type[Good | Bad]) -> bool:
    return any(isinstance(reading.judgement, kind) for reading in readings)
