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
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.failure_rates import Runs, compare, mostly_bad, rate_ruled_out
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Measured, Untestable
from bisector.probe.reading import Reading, Role

_TO_SEE_NO_SPREAD = 2
"""A counter such as words allocated is the same in every run; two runs tell that."""
DIFFERENT = 20.0
"""Bayes factor from which the endpoints are held to differ: "strong" evidence (Kass and Raftery 1995). The
search that follows asks for more by itself."""
SWAPPED = 300.0
"""As `DIFFERENT`, for an ending that nothing checks any more ("very strong" begins at 150)."""
NOT_DIFFERENT = 3.0
"""Below this nothing speaks for a difference ("not worth more than a bare mention")."""
_MOSTLY = 0.9992
"""Probability that good fails in more than half of its runs from which it is called bad. A test that fails
every other time gets there in 0.4% of eight runs."""
_FEWEST = 3
"""Runs of each endpoint before a verdict is believed that leaves nothing to search for, however slow they
are."""
_FEWEST_FLAKY = 10
"""As `_FEWEST`, of an endpoint whose runs contradict each other."""
_STAGES = (4, 8, 16, 32)
"""Runs to which one endpoint is brought before the other, so that they are not laid out in turn."""


@dataclass(frozen=True, slots=True)
class Established:
    """The endpoints differ; `effect` is the step between them, None for verdicts."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class MoreReadings:
    """Not decided yet: read once more, the good endpoint if `of_good`, else the other one."""

    of_good: bool = False


Decision = Established | MoreReadings | Conclusion


def decide(
    good: Sequence[Reading],
    bad: Sequence[Reading],
    repeats: Repeats,
    ratio: float | None,
    *,
    doubted: bool = False,
) -> Decision:
    """What the readings of the endpoints say; `ratio` is the smallest wanted, None for verdicts.

    `doubted`: verdicts of this hunt contradict each other, so that one run of each endpoint proves nothing.
    """
    for name, readings in (("good", good), ("bad", bad)):
        for reading in readings:
            if isinstance(reading.judgement, Untestable) and reading.role is Role.PREMISE:
                return Inconclusive(
                    f"the {name} endpoint {reading.commit[:12]} cannot be tested: {reading.judgement.why}; "
                    f"name another with --{name}"
                )
    if ratio is None:
        return _decide_verdicts(good, bad, repeats, doubted=doubted)
    return _decide_ratios(good, bad, repeats, ratio)


def _decide_verdicts(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, *, doubted: bool
) -> Decision:
    at_good, at_bad = runs_of(good), runs_of(bad)
    if at_good.all < repeats.verdicts or at_bad.all < repeats.verdicts:
        # A good endpoint that is bad is found out before bad is built.
        return MoreReadings(of_good=at_good.all < repeats.verdicts)
    plain = not at_good.bad and not at_bad.good and not doubted
    if plain and at_good.all and at_bad.all:
        return Established()
    spent = _seconds((*good, *bad)) >= repeats.seconds
    if not at_good.bad and not at_bad.bad:
        return _never_fails(at_good, at_bad, repeats, spent=spent)
    return _weigh(good, bad, repeats, spent=spent)


def _never_fails(good: Runs, bad: Runs, repeats: Repeats, *, spent: bool) -> Decision:
    """Both endpoints have only been judged good, against the user's word."""
    if bad.good < repeats.passes and not (spent and bad.good >= _FEWEST):
        return MoreReadings()
    often = max(2, round(1 / rate_ruled_out(bad.good)))
    return NoRegression(
        f"the bad endpoint is never judged bad, in {bad.good} runs (good: {good.good}); so many passes would "
        f"be seen in at most 5% of hunts if it failed in one of {often} runs"
    )


def _weigh(good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, *, spent: bool) -> Decision:
    at_good, at_bad = runs_of(good), runs_of(bad)
    odds = compare(at_good, at_bad)
    figures = f"good judged bad {at_good}, bad judged bad {at_bad}"
    flaky = at_good.differ or at_bad.differ
    enough = min(at_good.all, at_bad.all) >= (_FEWEST_FLAKY if flaky else _FEWEST)
    if odds.more >= DIFFERENT:
        return Established()
    if odds.fewer >= SWAPPED or (spent and enough and not flaky and at_good.bad and not at_bad.bad):
        return BadIsGood(f"the endpoints look swapped ({figures})")
    alike = odds.more < NOT_DIFFERENT and min(at_good.all, at_bad.all) >= _FEWEST
    always = spent and enough and not at_good.good and not at_bad.good
    if alike and (mostly_bad(at_good + at_bad) > _MOSTLY or always):
        return GoodIsBad(f"the good endpoint is judged bad already: {_why_bad(good)} ({figures})")
    most = 2 * repeats.passes
    if min(at_good.all, at_bad.all) >= most or (spent and enough):
        return _same_rate(figures, at_bad, repeats)
    return MoreReadings(of_good=_good_is_next(at_good.all, at_bad.all, most))


def _same_rate(figures: str, bad: Runs, repeats: Repeats) -> Decision:
    if not bad.bad and bad.good >= repeats.passes:
        return NoRegression(f"the bad endpoint is never judged bad ({figures})")
    return Inconclusive(
        f"the test is flaky, and its runs do not tell the endpoints apart ({figures}); raise `premise.max` "
        "for more runs, or make the test fail more often"
    )


def _good_is_next(good: int, bad: int, most: int) -> bool:
    stage = next((one for one in _STAGES if min(good, bad) < one), most)
    return good < min(stage, most)


def is_bad(readings: Sequence[Reading], repeats: Repeats) -> bool | None:
    """Whether a commit is bad that has to be good, such as a merge base; None where one more run is needed.

    One that is judged good is believed; a failure may be an accident, and is only of several runs.
    """
    runs = runs_of(readings)
    if not runs.all:
        return None
    if not runs.bad:
        return False
    spent = _seconds(readings) >= repeats.seconds
    if mostly_bad(runs) > _MOSTLY or (spent and not runs.good and runs.all >= _FEWEST):
        return True
    if mostly_bad(runs) < 1 - _MOSTLY or runs.all >= repeats.passes or (spent and runs.all >= _FEWEST_FLAKY):
        return mostly_bad(runs) > 1 / 2
    return None


def runs_of(readings: Sequence[Reading]) -> Runs:
    """Their verdicts, counted."""
    return Runs.of(reading.judgement for reading in readings)


def _seconds(readings: Sequence[Reading]) -> float:
    return sum(reading.run.wall for reading in readings if reading.run)


def _why_bad(readings: Sequence[Reading]) -> str:
    return next(r.judgement.why for r in reversed(readings) if isinstance(r.judgement, Bad))


def _decide_ratios(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float
) -> Decision:
    crashes = [reading for reading in good if isinstance(reading.judgement, Bad)]
    if crashes and len(crashes) == len(good) >= _FEWEST:
        return GoodIsBad(f"the good endpoint is judged bad already: {_why_bad(good)} ({runs_of(good)})")
    if len(crashes) == len(good):
        return MoreReadings(of_good=True)
    if not bad:
        # Its first run may leave no doubt: then no more is needed of either endpoint.
        return MoreReadings()
    at_bad = runs_of(bad)
    if at_bad.bad and (not crashes or (at_bad.bad == len(bad) >= _FEWEST)):
        return Established()
    if any(isinstance(reading.judgement, Good) for reading in bad):
        return NoRegression(f"the bad endpoint is judged good: {bad[-1].judgement.why}")
    if at_bad.bad == len(bad):
        return MoreReadings()
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
    enough = len(values) >= repeats.least or len(readings) >= repeats.most
    return enough or (len(values) >= _TO_SEE_NO_SPREAD and len(set(values)) == 1)


def measured(readings: Sequence[Reading]) -> list[float]:
    """The values of the measured ones among `readings`."""
    return [r.judgement.value for r in readings if isinstance(r.judgement, Measured)]
