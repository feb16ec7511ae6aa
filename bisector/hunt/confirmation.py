"""The confirmation: the first bad commit against its parents, built clean and read afresh."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import Effect
from bisector.hunt.effect import estimate
from bisector.hunt.premise import MoreReadings, Repeats, measured, read_enough
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.reading import Reading


@dataclass(frozen=True, slots=True)
class Holds:
    """The commit is worse than this parent; `effect` by how much, where it is measured."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Fails:
    """The commit is not worse than this parent."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The parent cannot be tested."""


Verdict = Holds | Fails | Unknown | MoreReadings


def against_parent(readings: Sequence[Reading], repeats: Repeats, ratio: float) -> Verdict:
    """What paired readings of a commit against one of its parents say; `ratio` as the hunt asks."""
    last = readings[-1].judgement if readings else None
    if isinstance(last, Untestable):
        return Unknown()
    if isinstance(last, Bad):
        return Holds()
    if isinstance(last, Good):
        return Fails(last.why)
    if readings and readings[-1].digest and readings[-1].digest == readings[-1].reference_digest:
        return Fails(f"its build is byte for byte that of its parent {readings[-1].against[:12]}")
    if not read_enough(readings, repeats):
        return MoreReadings()
    ratios = measured(readings)
    effect = estimate(ratios)
    if effect.low > math.sqrt(ratio):
        return Holds(effect)
    if effect.high < ratio:
        return Fails(f"{effect} against its parent {readings[-1].against[:12]}")
    if len(ratios) < repeats.most:
        return MoreReadings()
    return Holds(effect) if effect.low > 1 else Fails(f"{effect} is not surely above 1")


def by_verdict(readings: Sequence[Reading], *, bad_expected: bool) -> Verdict:
    """Whether fresh verdicts of one commit (the first bad one, or a parent) are what the search says."""
    if not readings:
        return MoreReadings()
    judgement = readings[-1].judgement
    if isinstance(judgement, Untestable | Measured):
        return Unknown()
    if isinstance(judgement, Bad) == bad_expected:
        return Holds()
    return Fails(
        f"{readings[-1].commit[:12]} is now judged {type(judgement).__name__.lower()}: {judgement.why}"
    )
