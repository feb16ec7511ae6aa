"""The premise: good is good, bad is bad, and they really differ; decided from readings alone."""

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
from bisector.predicate import Bad, Ending, Good, Measured, Untestable
from bisector.probe.reading import Reading, Role
from bisector.terms import REGRESSION, Terms

_CHECK = "if that is wrong, check the test command: its output is in the report"
_TO_SEE_NO_SPREAD = 2
"""A counter such as words allocated is the same in every run; two runs show that."""
DIFFERENT = 20.0
"""Bayes factor from which the endpoints count as different: "strong" evidence (Kass and Raftery 1995). The
search that follows requires more evidence itself."""
SWAPPED = 10_000.0
"""Like `DIFFERENT`, for a conclusion that nothing checks later: 6 of 300 hunts with a failure rate of 30% at
both ends exceeded 1,000."""
NOT_DIFFERENT = 3.0
"""Below this there is no evidence of a difference ("not worth more than a bare mention")."""
_MOSTLY = 0.9996
"""Good counts as bad from this probability that it fails in more than half of its runs. Of 1,000 hunts with a
test that fails half the time at good, 1 reached it (9 at 0.9992)."""
_FEWEST = 4
"""Minimum runs of each endpoint before a verdict ends the hunt without a search, however slow they are."""
_FEWEST_BAD = 7
"""Minimum runs of the good endpoint, all bad, before the hunt ends because good is bad, however slow they
are: a test that fails half the time at good does that in 0.8% of hunts."""
_FEWEST_FLAKY = 10
"""Like `_FEWEST`, for an endpoint whose runs contradict each other."""
_CUT_SHORT = (Ending.TIMEOUT, Ending.MEMORY_LIMIT, Ending.OUTPUT_LIMIT, Ending.JUDGED)
_STAGES = (4, 8, 16, 32)
"""One endpoint gets this many runs before the other, so that checkouts do not alternate after every run."""


@dataclass(frozen=True, slots=True)
class Established:
    """The endpoints differ; `effect` is the step between them (None for verdicts)."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class MoreReadings:
    """Not decided yet: take one more reading, of the good endpoint if `of_good`, else of the bad one."""

    of_good: bool = False


Decision = Established | MoreReadings | Conclusion


def decide(
    good: Sequence[Reading],
    bad: Sequence[Reading],
    repeats: Repeats,
    ratio: float | None,
    *,
    doubted: bool = False,
    terms: Terms = REGRESSION,
) -> Decision:
    """Decide the premise; `ratio` is the smallest regression wanted (None for verdicts).

    `doubted`: verdicts of this hunt contradict each other, so that one run of each endpoint proves nothing.
    """
    if found := untestable(good, bad, terms):
        return found
    if ratio is None:
        return _decide_verdicts(good, bad, repeats, terms, doubted=doubted)
    return _decide_ratios(good, bad, repeats, ratio, terms)


def untestable(good: Sequence[Reading], bad: Sequence[Reading], terms: Terms) -> Inconclusive | None:
    """The conclusion if an endpoint cannot be tested."""
    for name, readings in ((terms.old, good), (terms.new, bad)):
        for reading in readings:
            if isinstance(reading.judgement, Untestable) and reading.role is Role.PREMISE:
                return Inconclusive(
                    f"the {name} endpoint {reading.commit[:12]} cannot be tested: {reading.judgement.why}; "
                    f"its log says more{_another(name, reading, terms)}"
                )
    return None


def _another(name: str, reading: Reading, terms: Terms) -> str:
    """Advice to name another endpoint, unless the test ran well and only its figure is missing."""
    if reading.run is not None and reading.run.ending is Ending.EXITED and reading.run.exit_code == 0:
        return ""
    option = name if terms == REGRESSION else "old" if name == terms.old else "new"
    return f"; if it can never be tested, choose another with --{option}"


def _decide_verdicts(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, terms: Terms, *, doubted: bool
) -> Decision:
    at_good, at_bad = runs_of(good), runs_of(bad)
    if at_good.all < repeats.verdicts or at_bad.all < repeats.verdicts:
        # If the good endpoint is bad, the hunt ends without building bad.
        return MoreReadings(of_good=at_good.all < repeats.verdicts)
    plain = not at_good.bad and not at_bad.good and not doubted
    if plain and at_good.all and at_bad.all:
        return Established()
    spent = _seconds((*good, *bad)) >= repeats.seconds
    if not at_good.bad and not at_bad.bad:
        return _never_fails(at_good, at_bad, repeats, terms, spent=spent)
    return _weigh(good, bad, repeats, terms, spent=spent)


def _never_fails(good: Runs, bad: Runs, repeats: Repeats, terms: Terms, *, spent: bool) -> Decision:
    """Both endpoints were always judged good, although the user says that they differ."""
    if bad.good < repeats.passes and not (spent and bad.good >= _FEWEST):
        return MoreReadings()
    often = max(2, round(1 / rate_ruled_out(bad.good)))
    return NoRegression(
        f"the {terms.new} endpoint passed all {bad.good} runs ({terms.old}: {good.good}); if it failed in "
        f"one of {often} runs, at most 5% of hunts would see that many passes"
    )


def _weigh(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, terms: Terms, *, spent: bool
) -> Decision:
    at_good, at_bad = runs_of(good), runs_of(bad)
    odds = compare(at_good, at_bad)
    old, new = terms.old, terms.new
    figures = f"{old} judged {new} {at_good}, {new} judged {new} {at_bad}"
    flaky = at_good.differ or at_bad.differ
    enough = min(at_good.all, at_bad.all) >= (_FEWEST_FLAKY if flaky else _FEWEST)
    if odds.more >= DIFFERENT:
        return Established()
    if odds.fewer >= SWAPPED or (spent and enough and not flaky and at_good.bad and not at_bad.bad):
        return BadIsGood(f"the endpoints look swapped ({figures})")
    always = not at_good.good and not at_bad.good
    alike = odds.more < NOT_DIFFERENT and (always or min(at_good.all, at_bad.all) >= _FEWEST)
    if alike and (mostly_bad(at_good) > _MOSTLY or (always and spent and at_good.all >= _FEWEST_BAD)):
        if change := _change_of_machine(good, bad, terms):
            return Inconclusive(change)
        why = f"{_why_bad(good)} ({figures}); {_CHECK}"
        return GoodIsBad(f"the {old} endpoint is already judged {new}: {why}")
    most = 2 * repeats.passes
    if min(at_good.all, at_bad.all) >= most or (spent and enough and not always):
        return _same_rate(figures, at_bad, repeats, terms)
    # Only more runs of good can tell whether a good endpoint that was always bad is bad.
    return MoreReadings(of_good=always or _good_is_next(at_good.all, at_bad.all, most))


def _change_of_machine(good: Sequence[Reading], bad: Sequence[Reading], terms: Terms) -> str:
    """The message for a good endpoint that was judged good first and only bad later; '' for any other."""
    taken = [r for r in sorted(good, key=lambda r: r.at) if isinstance(r.judgement, Good | Bad)]
    verdicts = [isinstance(reading.judgement, Bad) for reading in taken]
    if verdicts[0] or verdicts != sorted(verdicts):
        return ""
    at = verdicts.index(True)
    before, after = taken[at - 1].at, taken[at].at
    cut_short = [r for r in bad if before < r.at < after and r.run and r.run.ending in _CUT_SHORT]
    remedy = "a service, a file or the machine may have changed; restore it and run the same command"
    if cut_short:
        remedy = (
            f"in between, bisector ended the test of {cut_short[-1].commit[:12]} at its limit, which may "
            "have left a lock, a file or a service behind; remove that, and let the test begin by removing it"
        )
    return (
        f"the {terms.old} endpoint was judged {terms.old} until {before.astimezone():%H:%M:%S} and only "
        f"{terms.new} since {after.astimezone():%H:%M:%S} ({taken[at].judgement.why}): {remedy}"
    )


def _same_rate(figures: str, bad: Runs, repeats: Repeats, terms: Terms) -> Decision:
    if not bad.bad and bad.good >= repeats.passes:
        return NoRegression(f"the {terms.new} endpoint is never judged {terms.new} ({figures})")
    return Inconclusive(
        f"the test is flaky, and its runs do not distinguish the endpoints ({figures}); raise `premise.max` "
        "for more runs, or make the test fail more often"
    )


def _good_is_next(good: int, bad: int, most: int) -> bool:
    stage = next((one for one in _STAGES if min(good, bad) < one), most)
    return good < min(stage, most)


def is_bad(readings: Sequence[Reading], repeats: Repeats) -> bool | None:
    """Whether a commit that must be good, such as a merge base, is bad; None if one more run is needed.

    One good verdict suffices; a failure may be chance, so bad takes several runs.
    """
    runs = runs_of(readings)
    if not runs.all:
        return None
    if not runs.bad:
        return False
    spent = _seconds(readings) >= repeats.seconds
    if mostly_bad(runs) > _MOSTLY or (spent and not runs.good and runs.all >= _FEWEST_BAD):
        return True
    if mostly_bad(runs) < 1 - _MOSTLY or runs.all >= repeats.passes or (spent and runs.all >= _FEWEST_FLAKY):
        return mostly_bad(runs) > 1 / 2
    return None


def runs_of(readings: Sequence[Reading]) -> Runs:
    """Count the verdicts of these readings."""
    return Runs.of(reading.judgement for reading in readings)


def _seconds(readings: Sequence[Reading]) -> float:
    return sum(reading.run.wall for reading in readings if reading.run)


def _why_bad(readings: Sequence[Reading]) -> str:
    return next(r.judgement.why for r in reversed(readings) if isinstance(r.judgement, Bad))


def _decide_ratios(
    good: Sequence[Reading], bad: Sequence[Reading], repeats: Repeats, ratio: float, terms: Terms
) -> Decision:
    crashes = [reading for reading in good if isinstance(reading.judgement, Bad)]
    if crashes and len(crashes) == len(good) >= _FEWEST:
        why = f"{_why_bad(good)} ({runs_of(good)})"
        return GoodIsBad(f"the {terms.old} endpoint is already judged {terms.new}: {why}")
    if len(crashes) == len(good):
        return MoreReadings(of_good=True)
    if not bad:
        # Its first run may leave no doubt: then neither endpoint needs another.
        return MoreReadings()
    at_bad = runs_of(bad)
    if at_bad.bad and (not crashes or (at_bad.bad == len(bad) >= _FEWEST)):
        return Established()
    if any(isinstance(reading.judgement, Good) for reading in bad):
        return NoRegression(f"the {terms.new} endpoint is judged {terms.old}: {bad[-1].judgement.why}")
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
        return BadIsGood(_swapped(effect, terms), effect)
    if effect.high < ratio or spent:
        return _undecided(itself, effect, ratio, terms)
    return MoreReadings(of_good=effect.low > math.sqrt(ratio) and len(good) < repeats.most)


def _swapped(effect: Effect, terms: Terms) -> str:
    kind = "worse" if terms.better else "better"
    return f"{terms.new} is {kind} than {terms.old} ({terms.over} is {effect}); are they swapped?"


def _undecided(itself: Effect, effect: Effect, ratio: float, terms: Terms) -> Decision:
    """The decision if the new endpoint does not certainly differ by the ratio that the hunt asks for."""
    if effect.low > max(1, itself.ratio) and effect.ratio >= ratio:
        return Established(effect)
    return NoRegression(
        f"{terms.over} is {effect} in {effect.pairs} pairs, {terms.old} over itself {itself} in "
        f"{itself.pairs}; "
        f"the hunt asks for {ratio:.2f}x",
        effect,
    )


def read_enough(readings: Sequence[Reading], repeats: Repeats) -> bool:
    """Whether there are enough pairs to see a difference; two are enough if they agree to the last digit."""
    values = measured(readings)
    enough = len(values) >= repeats.least or len(readings) >= repeats.most
    return enough or (len(values) >= _TO_SEE_NO_SPREAD and len(set(values)) == 1)


def measured(readings: Sequence[Reading]) -> list[float]:
    """The values of those `readings` that were measured."""
    return [r.judgement.value for r in readings if isinstance(r.judgement, Measured)]
