"""The premise: from counts of verdicts to established, swapped, no regression, or one more run."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bisector.hunt.conclusion import BadIsGood, GoodIsBad, Inconclusive, NoRegression
from bisector.hunt.decide import premise
from bisector.hunt.decide.failure_rates import Runs, compare, mostly_bad, rate_ruled_out
from bisector.hunt.decide.premise import Established, MoreReadings
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Run
from bisector.probe.reading import Reading, Role

REPEATS = Repeats()


def readings(commit: str, bad: int, good: int, seconds: float = 0.1) -> list[Reading]:
    """So many verdicts of a commit, of runs that took so long."""
    run = Run(wall=seconds, user=seconds, system=0.0)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Reading(commit, Role.PREMISE, judgement, at, run=run)
        for judgement in [Bad("failed")] * bad + [Good("passed")] * good
    ]


def decide(
    good: tuple[int, int], bad: tuple[int, int], seconds: float = 0.1, *, doubted: bool = False
) -> premise.Decision:
    """What (bad, good) verdicts of either endpoint lead to."""
    ends = (readings("good", *good, seconds), readings("bad", *bad, seconds))
    return premise.decide(*ends, REPEATS, None, doubted=doubted)


def play(
    fails_at_good: float, fails_at_bad: float, rng: random.Random, *, doubted: bool = False
) -> tuple[premise.Decision, int]:
    """The decision for endpoints that fail at these rates, and how many runs it took."""
    counts = {True: [0, 0], False: [0, 0]}
    while True:
        good, bad = (counts[True][0], counts[True][1]), (counts[False][0], counts[False][1])
        decision = decide(good, bad, doubted=doubted)
        if not isinstance(decision, MoreReadings):
            return decision, sum(map(sum, counts.values()))
        rate = fails_at_good if decision.of_good else fails_at_bad
        counts[decision.of_good][rng.random() >= rate] += 1


def test_plain_endpoints_are_run_once_each() -> None:
    """Good passes and bad fails: nothing more is asked."""
    assert play(0, 1, random.Random(1)) == (Established(), 2)


def test_a_doubted_premise_is_asked_again() -> None:
    """Once verdicts contradict each other, one run of each proves nothing, and three of each do."""
    assert isinstance(decide((0, 1), (1, 0), doubted=True), MoreReadings)
    assert isinstance(decide((0, 3), (3, 0), doubted=True), Established)


def test_a_bad_endpoint_that_passes_is_run_thirty_times() -> None:
    """Then the sentence tells which failure rate is as good as ruled out."""
    decision, runs = play(0, 0, random.Random(1))
    assert runs == 31
    assert isinstance(decision, NoRegression)
    assert "in 30 runs" in decision.why
    assert "one of 11 runs" in decision.why


def test_a_slow_bad_endpoint_that_passes_is_run_three_times() -> None:
    """Two minutes are enough of a test that takes a minute, three runs the least."""
    assert isinstance(decide((0, 1), (0, 2), seconds=60.0), MoreReadings)
    assert isinstance(decide((0, 1), (0, 3), seconds=60.0), NoRegression)


@pytest.mark.parametrize(
    ("fails_at_good", "fails_at_bad", "ending", "most"), [(1, 1, GoodIsBad, 8), (1, 0, BadIsGood, 10)]
)
def test_wrong_endpoints_are_told_after_a_few_runs(
    fails_at_good: float, fails_at_bad: float, ending: type[object], most: int
) -> None:
    """A good endpoint that always fails is bad, and swapped if the other one always passes."""
    decision, runs = play(fails_at_good, fails_at_bad, random.Random(1))
    assert isinstance(decision, ending)
    assert runs <= most


def test_one_failure_of_good_is_an_accident() -> None:
    """A good endpoint that fails in its first run only does not end the hunt."""
    assert isinstance(decide((1, 0), (0, 0)), MoreReadings)
    assert isinstance(decide((1, 15), (16, 0)), Established)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2, 0.3, 0.5])
def test_the_same_rate_at_both_ends_is_no_regression_to_search_for(rate: float) -> None:
    """Once doubted: established in few of 60 hunts, swapped or good-is-bad in hardly any."""
    rng = random.Random(7)
    ends = [play(rate, rate, rng, doubted=True)[0] for _ in range(60)]
    assert sum(isinstance(one, Established) for one in ends) <= 8
    assert sum(isinstance(one, BadIsGood | GoodIsBad) for one in ends) <= 2


@pytest.mark.parametrize(("fails_at_good", "fails_at_bad"), [(0.1, 0.9), (0.1, 0.5), (0, 0.3)])
def test_a_difference_is_established(fails_at_good: float, fails_at_bad: float) -> None:
    """In nearly all of 60 hunts."""
    rng = random.Random(7)
    ends = [play(fails_at_good, fails_at_bad, rng)[0] for _ in range(60)]
    assert sum(isinstance(one, Established) for one in ends) >= 56


def test_undecided_ends_with_the_figures() -> None:
    """After twice `premise.max` runs of each endpoint, and as many as ten of a slow test."""
    decision = decide((20, 40), (22, 38))
    assert isinstance(decision, Inconclusive)
    assert "good judged bad 20 of 60 times, bad judged bad 22 of 60 times" in decision.why
    assert isinstance(decide((3, 6), (3, 7), seconds=60.0), MoreReadings)
    assert isinstance(decide((3, 7), (3, 7), seconds=60.0), Inconclusive)


def test_a_merge_base_that_fails_once_is_run_again() -> None:
    """One that passes is believed; a failure is only of several runs."""
    assert premise.is_bad(readings("base", 0, 1), REPEATS) is False
    assert premise.is_bad(readings("base", 1, 0), REPEATS) is None
    assert premise.is_bad(readings("base", 8, 0), REPEATS) is True
    assert premise.is_bad(readings("base", 1, 12), REPEATS) is False
    assert premise.is_bad(readings("base", 3, 0, seconds=60.0), replace(REPEATS, seconds=60.0)) is True


def test_bayes_factors_are_those_of_the_closed_form() -> None:
    """One pass and one failure under Jeffreys' priors: 2 P(p < q, data) / (1/8), by hand."""
    odds = compare(Runs(0, 1), Runs(1, 0))
    assert odds.more + odds.fewer == pytest.approx(4.0, rel=1e-3)
    assert odds.more == pytest.approx(3.62, abs=0.01)
    assert compare(Runs(1, 0), Runs(0, 1)).fewer == pytest.approx(odds.more)
    assert mostly_bad(Runs(3, 3)) == pytest.approx(0.5)
    assert rate_ruled_out(30) == pytest.approx(0.095, abs=0.001)
