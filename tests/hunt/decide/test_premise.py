"""The premise: from counts of verdicts to established, swapped, no regression, or one more run."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bisector.hunt.conclusion import BadIsGood, GoodIsBad, Inconclusive, NoRegression
from bisector.hunt.decide import premise
from bisector.hunt.decide.failure_rates import Runs, compare, mostly_bad, rate_ruled_out
from bisector.hunt.decide.premise import Established, MoreReadings
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Ending, Good, Run
from bisector.probe.reading import Reading, Role

REPEATS = Repeats()


def readings(commit: str, bad: int, good: int, seconds: float = 0.1) -> list[Reading]:
    """Readings of a commit with these counts of verdicts and this duration."""
    run = Run(wall=seconds, user=seconds, system=0.0)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Reading(commit, Role.PREMISE, judgement, at, run=run)
        for judgement in [Bad("failed")] * bad + [Good("passed")] * good
    ]


def decide(
    good: tuple[int, int], bad: tuple[int, int], seconds: float = 0.1, *, doubted: bool = False
) -> premise.Decision:
    """The decision for (bad, good) counts at each endpoint."""
    ends = (readings("good", *good, seconds), readings("bad", *bad, seconds))
    return premise.decide(*ends, REPEATS, None, doubted=doubted)


def play(
    fails_at_good: float, fails_at_bad: float, rng: random.Random, *, doubted: bool = False
) -> tuple[premise.Decision, int]:
    """The decision for endpoints that fail at these rates, and the number of runs that it took."""
    counts = {True: [0, 0], False: [0, 0]}
    while True:
        good, bad = (counts[True][0], counts[True][1]), (counts[False][0], counts[False][1])
        decision = decide(good, bad, doubted=doubted)
        if not isinstance(decision, MoreReadings):
            return decision, sum(map(sum, counts.values()))
        rate = fails_at_good if decision.of_good else fails_at_bad
        counts[decision.of_good][rng.random() >= rate] += 1


def test_plain_endpoints_are_run_once_each() -> None:
    """If good passes and bad fails, nothing else is run."""
    assert play(0, 1, random.Random(1)) == (Established(), 2)


def test_a_doubted_premise_is_asked_again() -> None:
    """After contradicting verdicts, one run of each endpoint proves nothing, and three runs do."""
    assert isinstance(decide((0, 1), (1, 0), doubted=True), MoreReadings)
    assert isinstance(decide((0, 3), (3, 0), doubted=True), Established)


def test_a_bad_endpoint_that_passes_is_run_thirty_times() -> None:
    """The conclusion names the failure rate that the 30 runs rule out."""
    decision, runs = play(0, 0, random.Random(1))
    assert runs == 31
    assert isinstance(decision, NoRegression)
    assert "passed all 30 runs" in decision.why
    assert "one of 11 runs" in decision.why


def test_a_slow_bad_endpoint_that_passes_is_run_four_times() -> None:
    """Two minutes are enough for a test that takes a minute, but it is run at least four times."""
    assert isinstance(decide((0, 1), (0, 3), seconds=60.0), MoreReadings)
    assert isinstance(decide((0, 1), (0, 4), seconds=60.0), NoRegression)


@pytest.mark.parametrize(
    ("fails_at_good", "fails_at_bad", "ending", "most"), [(1, 1, GoodIsBad, 10), (1, 0, BadIsGood, 16)]
)
def test_wrong_endpoints_are_told_after_a_few_runs(
    fails_at_good: float, fails_at_bad: float, ending: type[object], most: int
) -> None:
    """A good endpoint that always fails is bad. If the other one always passes, they are swapped."""
    decision, runs = play(fails_at_good, fails_at_bad, random.Random(1))
    assert isinstance(decision, ending)
    assert runs <= most


def test_a_good_endpoint_that_fails_half_the_time_is_not_bad() -> None:
    """With a bad endpoint that always fails, the endpoints differ in nearly all of 200 hunts."""
    rng = random.Random(7)
    ends = [play(0.5, 1, rng)[0] for _ in range(200)]
    assert sum(isinstance(one, GoodIsBad) for one in ends) <= 2


def test_a_slow_good_endpoint_is_bad_after_seven_failures() -> None:
    """Four failures of a test that fails half the time are too likely."""
    assert isinstance(decide((6, 0), (4, 0), seconds=60.0), MoreReadings)
    assert isinstance(decide((7, 0), (1, 0), seconds=60.0), GoodIsBad)


def test_one_failure_of_good_is_an_accident() -> None:
    """A good endpoint that fails only in its first run does not end the hunt."""
    assert isinstance(decide((1, 0), (0, 0)), MoreReadings)
    assert isinstance(decide((1, 15), (16, 0)), Established)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2, 0.3, 0.5])
def test_the_same_rate_at_both_ends_is_no_regression_to_search_for(rate: float) -> None:
    """In a doubted premise, few of 60 hunts establish a difference, and almost none swap the endpoints."""
    rng = random.Random(7)
    ends = [play(rate, rate, rng, doubted=True)[0] for _ in range(60)]
    assert sum(isinstance(one, Established) for one in ends) <= 8
    assert sum(isinstance(one, BadIsGood | GoodIsBad) for one in ends) <= 2


@pytest.mark.parametrize(("fails_at_good", "fails_at_bad"), [(0.1, 0.9), (0.1, 0.5), (0, 0.3)])
def test_a_difference_is_established(fails_at_good: float, fails_at_bad: float) -> None:
    """A difference is established in almost all of 60 hunts."""
    rng = random.Random(7)
    ends = [play(fails_at_good, fails_at_bad, rng)[0] for _ in range(60)]
    assert sum(isinstance(one, Established) for one in ends) >= 56


def test_undecided_ends_with_the_figures() -> None:
    """The hunt ends after twice `premise.max` runs of each endpoint, or ten runs of a slow test."""
    decision = decide((20, 40), (22, 38))
    assert isinstance(decision, Inconclusive)
    assert "good judged bad 20 of 60 times, bad judged bad 22 of 60 times" in decision.why
    assert isinstance(decide((3, 6), (3, 7), seconds=60.0), MoreReadings)
    assert isinstance(decide((3, 7), (3, 7), seconds=60.0), Inconclusive)


def test_a_good_endpoint_that_fails_only_from_some_time_on_tells_of_the_machine() -> None:
    """If it fails only from some moment on, a service may have died. Failures from the first run on count."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    verdicts = [Good("passed")] * 2 + [Bad("connection refused")] * 24
    good = [
        Reading("good", Role.PREMISE, one, at + timedelta(minutes=minute))
        for minute, one in enumerate(verdicts)
    ]
    decision = premise.decide(good[::-1], readings("bad", 12, 0), REPEATS, None)
    assert isinstance(decision, Inconclusive)
    assert "only bad since" in decision.why
    assert "connection refused" in decision.why
    cut_short = Run(wall=3.0, user=0.0, system=0.0, ending=Ending.TIMEOUT)
    ended = Reading("bad1", Role.PREMISE, Bad("hangs"), at + timedelta(seconds=90), run=cut_short)
    bad = [*readings("bad", 12, 0), ended]
    decision = premise.decide(good, bad, REPEATS, None)
    assert isinstance(decision, Inconclusive)
    assert "ended the test of bad1 at its limit" in decision.why
    assert isinstance(premise.decide(good[2:], readings("bad", 12, 0), REPEATS, None), GoodIsBad)


def test_a_merge_base_that_fails_once_is_run_again() -> None:
    """One pass is enough for good. For bad, several runs must fail."""
    assert premise.is_bad(readings("base", 0, 1), REPEATS) is False
    assert premise.is_bad(readings("base", 1, 0), REPEATS) is None
    assert premise.is_bad(readings("base", 9, 0), REPEATS) is True
    assert premise.is_bad(readings("base", 1, 14), REPEATS) is False
    assert premise.is_bad(readings("base", 4, 0, seconds=60.0), replace(REPEATS, seconds=60.0)) is None
    assert premise.is_bad(readings("base", 7, 0, seconds=60.0), replace(REPEATS, seconds=60.0)) is True


def test_bayes_factors_are_those_of_the_closed_form() -> None:
    """For one pass and one failure under Jeffreys' priors, it is 2 P(p < q, data) / (1/8), by hand."""
    odds = compare(Runs(0, 1), Runs(1, 0))
    assert odds.more + odds.fewer == pytest.approx(4.0, rel=1e-3)
    assert odds.more == pytest.approx(3.62, abs=0.01)
    assert compare(Runs(1, 0), Runs(0, 1)).fewer == pytest.approx(odds.more)
    assert mostly_bad(Runs(3, 3)) == pytest.approx(0.5)
    assert rate_ruled_out(30) == pytest.approx(0.095, abs=0.001)
