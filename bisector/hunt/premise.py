"""The premise: good is good, bad is bad, and the difference is real; decided from readings alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import (
    BadIsGood,
    Conclusion,
    Effect,
    GoodIsBad,
    Inconclusive,
    NoRegression,
)
from bisector.hunt.effect import estimate
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.reading import Reading


@dataclass(frozen=True, slots=True)
class Established:
    """The endpoints differ; `effect` is the step between them, None for verdicts."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class MoreReadings:
    """Not decided yet: read both endpoints once more."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often endpoints and candidates are read.

    `least` and `most` pairs of a measured comparison; `verdicts` runs of each endpoint for a verdict.
    """

    least: int = 3
    most: int = 20
    verdicts: int = 2


Decision = Established | MoreReadings | Conclusion


def decide(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float | None
) -> Decision:
    """What the readings of the endpoints say; `ratio` is the smallest wanted, None for verdicts."""
    for name, readings in (("good", good), ("bad", bad)):
        for reading in readings:
            if isinstance(reading.judgement, Untestable):
                return Inconclusive(
                    f"the {name} endpoint {reading.commit[:12]} cannot be tested: {reading.judgement.why}; "
                    f"name another with --{name}"
                )
    if ratio is None:
        return _decide_verdicts(good, bad, repeats)
    return _decide_ratios(good, bad, repeats, ratio)


def _decide_verdicts(good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats) -> Decision:
    enough = repeats.verdicts
    if _disagree(good) or _disagree(bad):
        # A flaky test: its rates have to be seen before the search can reckon with them.
        enough = max(enough, repeats.most // 2)
    if min(len(good), len(bad)) < enough:
        return MoreReadings()
    bad_at_good, bad_at_bad = _share_bad(good), _share_bad(bad)
    figures = f"good judged bad {_count(good)}, bad judged bad {_count(bad)}"
    if bad_at_good > bad_at_bad:
        return BadIsGood(f"the endpoints look swapped ({figures})")
    if bad_at_good == bad_at_bad:
        if bad_at_good > 0.5:
            return GoodIsBad(f"the good endpoint is judged bad already: {good[-1].judgement.why} ({figures})")
        return NoRegression(
            f"the bad endpoint is judged as the good one is: {bad[-1].judgement.why} ({figures})"
        )
    return Established()


def _decide_ratios(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float
) -> Decision:
    for reading in good:
        if isinstance(reading.judgement, Bad):
            return GoodIsBad(f"the good endpoint is judged bad already: {reading.judgement.why}")
    if any(isinstance(reading.judgement, Bad) for reading in bad):
        return Established()
    if any(isinstance(reading.judgement, Good) for reading in bad):
        return NoRegression(f"the bad endpoint is judged good: {bad[-1].judgement.why}")
    ratios = measured(bad)
    if len(ratios) < repeats.least:
        return MoreReadings()
    effect = estimate(ratios)
    if effect.high < 1 and effect.ratio < 1 / ratio:
        return BadIsGood(f"bad is faster than good, {effect}; are they swapped?", effect)
    if effect.low > _midway(ratio) and effect.ratio > ratio:
        return Established(effect)
    if effect.high < ratio:
        return NoRegression(_nothing_found(effect, ratio), effect)
    if len(ratios) < repeats.most:
        return MoreReadings()
    if effect.low > 1 and effect.ratio >= ratio:
        return Established(effect)
    return NoRegression(_nothing_found(effect, ratio), effect)


def good_is_next(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float | None
) -> bool:
    """Which endpoint to read next; one is read often enough before the other, to lay out each only once."""
    enough = repeats.verdicts if ratio is None else repeats.least
    if len(good) < enough or len(bad) < enough:
        return len(good) < enough
    return ratio is None and len(good) <= len(bad)


def measured(readings: Sequence[Reading]) -> list[float]:
    """The values of the measured ones among `readings`."""
    return [r.judgement.value for r in readings if isinstance(r.judgement, Measured)]


def _midway(ratio: float) -> float:
    return math.sqrt(ratio)


def _nothing_found(effect: Effect, ratio: float) -> str:
    return (
        f"bad over good is {effect} in {effect.pairs} pairs, the hunt asks for {ratio:.2f}x; "
        f"a regression below {max(effect.high, 1.0):.2f}x could still hide"
    )


def _disagree(readings: Sequence[Reading]) -> bool:
    return len({type(reading.judgement) for reading in readings}) > 1


def _share_bad(readings: Sequence[Reading]) -> float:
    return sum(isinstance(r.judgement, Bad) for r in readings) / len(readings)


def _count(readings: Sequence[Reading]) -> str:
    return f"{sum(isinstance(r.judgement, Bad) for r in readings)} of {len(readings)} times"
