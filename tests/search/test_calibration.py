"""Whether the stated confidence is true, with few hunts. `make calibration` has many."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.calibration.broken import flaky_steps
from benchmarks.calibration.hunts import CONFIRMED, Ending, Tally, hunts, judge, wilson
from benchmarks.calibration.models import flaky, timed
from benchmarks.calibration.worlds import Case, one_step
from bisector.search import AnyOf, Exact, FirstBad, Flaky, Misfit, NoRegression, Timing

STATED = 0.9
SIGNIFICANT = 0.01
FLIPS = Case("Flaky", "flips at 0.05", Flaky(), flaky(0.05, 0.05))
STEP = Case("Timing", "spread 0.1, step x1.65, ratios", Timing(ratio=True), timed(0.1, 1.65))
LIES = Case("Exact", "one verdict in 8 errs", Exact(), flaky_steps(one_step, 0.125))


def chance_of_so_few(right: int, of: int, share: float) -> float:
    """P(at most `right` of `of`) if each is right with probability `share`: the binomial test."""
    return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(right + 1))


def at_stated(case: Case) -> Tally:
    """A hundred hunts of a case."""
    return hunts(case, range(100), levels=(STATED,))[STATED]


@pytest.mark.parametrize("case", [FLIPS, STEP], ids=lambda case: case.group)
def test_at_least_as_many_answers_are_right_as_are_stated(case: Case) -> None:
    """Of a hundred hunts at .9 almost all answer, and not significantly fewer than 90% are right."""
    tally = at_stated(case)
    assert tally.answered >= 95
    assert chance_of_so_few(tally.count(Ending.RIGHT), tally.answered, STATED) > SIGNIFICANT
    assert min(tally.stated) >= STATED
    assert tally.mean > 5


def test_false_promises_are_seen() -> None:
    """Wrong verdicts in a search that trusts them fail the same test. Confirmations correct most answers."""
    tallies = hunts(LIES, range(50), levels=(STATED,))
    told = tallies[STATED]
    assert told.answered == 50
    assert chance_of_so_few(told.count(Ending.RIGHT), told.answered, STATED) < SIGNIFICANT / 1000
    assert tallies[CONFIRMED].count(Ending.WRONG) < told.count(Ending.WRONG) / 3


def test_answers_are_judged_by_the_truth() -> None:
    """A right commit is the first bad one, and a right set contains it. A misfit is not an answer."""
    world = STEP.make(random.Random(1))
    culprit = world.culprit
    assert culprit is not None
    assert judge(FirstBad(culprit, 0.9), world) is Ending.RIGHT
    assert judge(FirstBad(culprit + 1, 0.9), world) is Ending.WRONG
    assert judge(AnyOf((culprit, culprit + 1), (0.5, 0.5)), world) is Ending.RIGHT
    assert judge(NoRegression(0.9), world) is Ending.MISSED
    assert judge(Misfit("", (), 0.0), world) is Ending.MISFIT
    assert not Ending.MISFIT.answers
    assert not Ending.INCONCLUSIVE.answers


def test_the_interval_of_a_share_is_wilsons() -> None:
    """The figures of Newcombe (1998), table I: 81 of 263, and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
