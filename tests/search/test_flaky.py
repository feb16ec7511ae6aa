"""Flaky verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from bisector.errors import UsageError
from bisector.search import (
    Bad,
    FirstBad,
    Flaky,
    Good,
    NoRegression,
    Observation,
    Rates,
    Search,
    evidence_beyond,
)
from tests.search.driving import chain, flipped, hunt


def test_flipped_verdicts_of_unknown_rate_cost_few_probes() -> None:
    """With 10% wrong verdicts and 5 seeds, the answer is right in fewer than 45 probes on average."""
    graph, probes = chain(500), []
    for seed in range(5):
        search = Search(graph, noise=Flaky())
        probes.append(hunt(search, flipped(graph, 317, 0.1, seed)))
        assert isinstance(search.conclusion, FirstBad)
        assert search.conclusion.commit == 317
    assert np.mean(probes) <= 45


@pytest.mark.parametrize("first_bad", [0, 99])
def test_a_first_bad_commit_at_either_end_is_found(first_bad: int) -> None:
    """If nothing inside the range differs, the endpoints are probed too."""
    graph = chain(100)
    search = Search(graph, noise=Flaky())
    hunt(search, flipped(graph, first_bad, 0.05, seed=3))
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == first_bad


def test_a_flaky_test_without_regression_ends_with_no_regression() -> None:
    """Occasional failures everywhere are "no regression", after a limited number of probes."""
    graph = chain(200)
    search = Search(graph, noise=Flaky())
    assert hunt(search, flipped(graph, None, 0.1, seed=5)) <= 150
    assert isinstance(search.conclusion, NoRegression)


def test_an_early_wrong_verdict_is_recovered_from() -> None:
    """A wrong "good" after the first bad commit is outvoted, without an undo."""
    graph = chain(64)
    search = Search(graph, noise=Flaky(0.02, 0.02))
    search.observe(40, Good())
    hunt(search, flipped(graph, 20, 0.0, seed=0))
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == 20


def test_a_failure_that_is_always_real_is_believed_at_once() -> None:
    """With the flag, one bad verdict excludes every later commit."""
    search = Search(chain(10), noise=Flaky(failure_is_real=True))
    search.observe(4, Bad())
    assert search.posterior[5:].sum() < 1e-6


@pytest.mark.parametrize("rates", [(0.6, 0.5), (1.0, 0.0), (-0.1, 0.1)])
def test_rates_that_say_nothing_are_refused(rates: tuple[float, float]) -> None:
    """Verdicts that are wrong as often as right are an error of the user."""
    with pytest.raises(UsageError):
        Flaky(*rates)


@pytest.mark.parametrize("prior", [(), (Rates(0.0, 0.1, 0.1),), (Rates(1.0, 0.1, 1.0),)])
def test_a_prior_of_rates_without_any_weight_is_refused(prior: tuple[Rates, ...]) -> None:
    """A prior needs a pair of rates between 0 and 1, with a positive share."""
    with pytest.raises(UsageError):
        Flaky(prior=prior)


def test_one_rate_for_both_errors_is_learned_from_both_sides() -> None:
    """If both errors have one rate, wrong verdicts at good also make a bad verdict less credible."""
    rates = (0.01, 0.1, 0.3)
    one = tuple(Rates(1.0, p, p) for p in rates)
    two = tuple(Rates(1.0, p, q) for p in rates for q in rates)
    expected = []
    for prior in (one, two):
        search = Search(chain(10), noise=Flaky(prior=prior))
        for outcome in (Good(), Bad(), Good(), Bad(), Good()):
            search.observe(-1, outcome)
        search.observe(9, Bad())
        expected.append(search.no_regression)
    assert expected[0] > expected[1]


@pytest.mark.parametrize("seed", range(3))
def test_the_last_commit_is_not_given_up_for_want_of_readings(seed: int) -> None:
    """Only readings of bad support the last commit, so they are taken before it is ruled out."""
    graph = chain(1000)
    search = Search(graph, noise=Flaky())
    hunt(search, flipped(graph, 999, 0.1, seed))
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == 999


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_a_high_confidence_is_reached_and_not_given_up(rate: float) -> None:
    """However high the confidence is, the choice never ignores all rivals of a commit."""
    graph = chain(60)
    for seed in range(6):
        search = Search(graph, noise=Flaky(), confidence=0.9999)
        hunt(search, flipped(graph, 41, rate, seed))
        assert isinstance(search.conclusion, FirstBad)
        assert search.conclusion.commit == 41
        assert search.conclusion.probability >= 0.9999


def test_a_trusted_prior_leaves_its_rivals_to_be_excluded() -> None:
    """If the prior alone reaches the confidence, verdicts without errors still continue to certainty."""
    prior = np.full(1000, 1e-9)
    prior[12] = 1.0
    for first_bad in (11, 12):
        graph = chain(1000)
        search = Search(graph, prior=prior, confidence=0.999)
        hunt(search, flipped(graph, first_bad, 0.0, seed=0))
        assert search.conclusion == FirstBad(first_bad, 1.0)


def test_evidence_of_a_premise_makes_no_regression_so_much_less_likely() -> None:
    """The odds of "no regression" are divided by the factor, so it needs more probes to be concluded."""
    graph = chain(20)
    plain, sure = Search(graph, noise=Flaky()), Search(graph, noise=Flaky(), evidence=1000.0)
    for search in (plain, sure):
        search.observe_all([Observation(-1, Good()), Observation(19, Good())])
    odds = [one.no_regression / (1 - one.no_regression) for one in (plain, sure)]
    assert odds[0] / odds[1] == pytest.approx(1000.0)
    needed = [
        hunt(Search(graph, noise=Flaky(), evidence=e), flipped(graph, None, 0, 0)) for e in (1.0, 1000.0)
    ]
    assert needed[0] < needed[1]


def test_readings_of_a_premise_do_not_count_twice() -> None:
    """The remaining evidence and the readings together are equal to the evidence of the premise."""
    graph, noise = chain(20), Flaky()
    premise = [Observation(-1, Good())] * 6 + [Observation(0, Bad()), Observation(0, Good())] * 2
    remains = evidence_beyond(500.0, noise, premise)
    search = Search(graph, noise=noise, evidence=remains, no_regression=0.5)
    search.observe_all([Observation(19 if one.commit == 0 else -1, one.outcome) for one in premise])
    assert 1 < remains < 500
    assert (1 - search.no_regression) / search.no_regression == pytest.approx(500.0)
    assert evidence_beyond(2.0, noise, premise * 9) == 1.0
    with pytest.raises(UsageError, match="Bayes factor"):
        Search(graph, evidence=0.0)
