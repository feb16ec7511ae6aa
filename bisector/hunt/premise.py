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

_TO_SEE_NO_SPREAD = 2
"""A counter such as words allocated is the same in every run; two runs tell that."""

_AGAINST_EXPECTATION = 2
"""Runs of each endpoint before verdicts are believed that leave nothing to search for."""


@dataclass(frozen=True, slots=True)
class Established:
    """The endpoints differ; `effect` is the step between them, None for verdicts."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class MoreReadings:
    """Not decided yet: read once more, the good endpoint if `of_good`, else the other one."""

    of_good: bool = False


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often endpoints and candidates are read.

    `least` and `most` pairs of a measured comparison (premise, confirmation), `first` pairs when the search
    comes to a commit; `verdicts` runs of each endpoint for a verdict, more where one is not as expected.
    `whole`: at the endpoints and at the answer, runs that are certain to be bad are not ended early.
    """

    first: int = 1
    least: int = 3
    most: int = 20
    verdicts: int = 1
    whole: bool = False


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
    if any(isinstance(r.judgement, Bad) for r in good) or any(isinstance(r.judgement, Good) for r in bad):
        enough = max(enough, _AGAINST_EXPECTATION)
    if _disagree(good) or _disagree(bad):
        # A flaky test: its rates have to be seen before the search can reckon with them.
        enough = max(enough, repeats.most // 2)
    # One endpoint is read often enough before the other, so that each is laid out only once.
    if len(good) < enough or len(bad) < enough:
        return MoreReadings(of_good=len(good) < enough)
    bad_at_good, bad_at_bad = _share_bad(good), _share_bad(bad)
    figures = f"good judged bad {_count(good)}, bad judged bad {_count(bad)}"
    if bad_at_good > bad_at_bad:
        return BadIsGood(f"the endpoints look swapped ({figures})")
    if bad_at_good < bad_at_bad:
        return Established()
    if bad_at_good > 0.5:
        return GoodIsBad(f"the good endpoint is judged bad already: {good[-1].judgement.why} ({figures})")
    return NoRegression(f"the bad endpoint is judged as the good one is: {bad[-1].judgement.why} ({figures})")


def _decide_ratios(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float
) -> Decision:
    for reading in good:
        if isinstance(reading.judgement, Bad):
            return GoodIsBad(f"the good endpoint is judged bad already: {reading.judgement.why}")
    if not good:
        return MoreReadings(of_good=True)
    if not bad:
        # Its first run may leave no doubt: then no more is needed of either endpoint.
        return MoreReadings()
    if any(isinstance(reading.judgement, Bad) for reading in bad):
        return Established()
    if any(isinstance(reading.judgement, Good) for reading in bad):
        return NoRegression(f"the bad endpoint is judged good: {bad[-1].judgement.why}")
    if not read_enough(good, repeats):
        return MoreReadings(of_good=True)
    if not read_enough(bad, repeats):
        return MoreReadings()
    itself, effect = estimate(measured(good)), estimate(measured(bad))
    spent = len(bad) >= repeats.most
    if effect.low > itself.high and effect.low > math.sqrt(ratio) and effect.ratio > ratio:
        return Established(effect)
    if effect.high < 1 / math.sqrt(ratio) and effect.high < itself.low:
        return BadIsGood(f"bad is faster than good, {effect}; are they swapped?", effect)
    if effect.high < ratio or spent:
        return _undecided(itself, effect, ratio)
    return MoreReadings(of_good=effect.low > math.sqrt(ratio) and len(good) < repeats.most)


def _undecided(itself: Effect, effect: Effect, ratio: float) -> Decision:
    """What is left to say when bad is not surely slower by as much as the hunt asks."""
    if effect.low > max(1, itself.ratio) and effect.ratio >= ratio:
        return Established(effect)
    return NoRegression(
        f"bad over good is {effect} in {effect.pairs} pairs, good over itself {itself} in {itself.pairs}, "
        f"and the hunt asks for {ratio:.2f}x",
        effect,
    )


def read_enough(readings: Sequence[Reading], repeats: Repeats) -> bool:
    """Whether there are as many pairs as a difference needs; two that agree to the last digit are."""
    values = measured(readings)
    return len(readings) >= repeats.least or (len(values) >= _TO_SEE_NO_SPREAD and len(set(values)) == 1)


def measured(readings: Sequence[Reading]) -> list[float]:
    """The values of the measured ones among `readings`."""
    return [r.judgement.value for r in readings if isinstance(r.judgement, Measured)]


def _disagree(readings: Sequence[Reading]) -> bool:
    return len({type(reading.judgement) for reading in readings}) > 1


def _share_bad(readings: Sequence[Reading]) -> float:
    return sum(isinstance(r.judgement, Bad) for r in readings) / len(readings)


def _count(readings: Sequence[Reading]) -> str:
    return f"{sum(isinstance(r.judgement, Bad) for r in readings)} of {len(readings)} times"
