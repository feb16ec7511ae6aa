"""Unexpected verdicts: is the commit the cause, or a shared or stale build?

A build may be reused for the wrong commit because the hunt file omits an input, and a slot may contain files
of an earlier build. So such an endpoint is tested again from a clean build of the whole tree.
"""

from __future__ import annotations

from collections.abc import Sequence

from bisector.hunt.conclusion import BadIsGood, Conclusion, GoodIsBad, NoRegression
from bisector.hunt.decide import premise
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Measured
from bisector.probe.reading import Reading, Role

_ENOUGH = 3
"""Number of clean readings that must contradict all others before these are rejected: one may be chance."""

WHY = (
    "a clean build of a commit behaves differently from its earlier builds: a build was shared or stale "
    "(does `build.inputs` name every file that the build reads, and `key` every file that decides what "
    "`setup` installs?); all builds from here on are clean"
)


def trusted(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of clean builds."""
    return [reading for reading in readings if reading.clean]


def is_surprising(good: Sequence[Reading], bad: Sequence[Reading]) -> bool:
    """Whether a verdict on an endpoint contradicts the user."""
    return _has(good, Bad) or _has(bad, Good)


def to_check(plan: Plan, conclusion: Conclusion, good: Sequence[Reading], bad: Sequence[Reading]) -> str:
    """The endpoint to read from a clean build before the conclusion is accepted; empty for none."""
    never_fails = good if plan.terms.better and plan.ratio is None else bad
    doubtful = {GoodIsBad: [good], NoRegression: [never_fails], BadIsGood: [bad, good]}.get(
        type(conclusion), []
    )
    return next((readings[0].commit for readings in doubtful if not trusted(readings)), "")


def is_due(plan: Plan, readings: Sequence[Reading]) -> bool:
    """Whether a clean build behaves differently from earlier builds, so that every build must be clean.

    True if clean readings of an endpoint contradict its other readings, or if verdicts contradict each other
    and a tested build differs in its bytes from the clean builds of its commit.
    """
    premises = [reading for reading in readings if reading.role is Role.PREMISE]
    ends = (plan.good[0], plan.bad)
    if any(are_misled([r for r in premises if r.commit == end], plan.ratio) for end in ends):
        return True
    if plan.ratio is not None:
        return False
    by_commit: dict[str, list[Reading]] = {}
    for reading in readings:
        by_commit.setdefault(reading.commit, []).append(reading)
    contradict = any(_has(taken, Good) and _has(taken, Bad) for taken in by_commit.values())
    return contradict and any(map(_is_other_build, by_commit.values()))


def are_unsettled(readings: Sequence[Reading], ratio: float | None) -> bool:
    """Whether the clean readings of an endpoint contradict all its others, but are too few to decide."""
    return _contradicted(readings, ratio) and not are_misled(readings, ratio)


def are_misled(readings: Sequence[Reading], ratio: float | None) -> bool:
    """Whether enough clean readings of an endpoint contradict all its others."""
    return _contradicted(readings, ratio) and len(trusted(readings)) >= _ENOUGH


def _contradicted(readings: Sequence[Reading], ratio: float | None) -> bool:
    clean = trusted(readings)
    others = [reading for reading in readings if not reading.clean]
    if not clean or not others:
        return False
    if {type(r.judgement) for r in clean} & {type(r.judgement) for r in others} - {Measured}:
        return False
    one, other = premise.measured(clean), premise.measured(others)
    if not one or not other:
        return True
    apart = ratio or 1.0
    return min(one) > apart * max(other) or min(other) > apart * max(one)


def _is_other_build(readings: Sequence[Reading]) -> bool:
    """Whether a build of a commit differs in its bytes from the clean builds of that commit."""
    clean = {reading.digest for reading in readings if reading.clean and reading.digest}
    return bool(clean) and any(r.digest and r.digest not in clean for r in readings if not r.clean)


def _has(readings: Sequence[Reading], kind: type[Good | Bad]) -> bool:
    return any(isinstance(reading.judgement, kind) for reading in readings)
