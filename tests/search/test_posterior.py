"""The posterior compared with brute force, and changes that must not affect it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.search import (
    Bad,
    CommitGraph,
    Exact,
    Flaky,
    Good,
    Measured,
    Noise,
    Observation,
    Search,
    Timing,
)
from bisector.search.noise_flaky import LIKELY_RATES
from bisector.search.prior import NO_REGRESSION
from tests.search.driving import enumerate_posterior, graphs

NOISES: list[Noise] = [Exact(), Flaky(), Flaky(0.05, 0.2), Flaky(failure_is_real=True), Timing()]


def prior_of(graph: CommitGraph) -> list[float]:
    return [(1 - NO_REGRESSION) / len(graph)] * len(graph) + [NO_REGRESSION]


@st.composite
def verdict_lists(draw: st.DrawFn, graph: CommitGraph, most: int = 8) -> list[Observation]:
    row = st.tuples(st.integers(-1, len(graph) - 1), st.sampled_from([Good(), Bad()]))
    return [Observation(*one) for one in draw(st.lists(row, max_size=most))]


def observed(graph: CommitGraph, noise: Noise, observations: list[Observation]) -> list[float]:
    search = Search(graph, noise=noise)
    search.observe_all(observations)
    return [*search.posterior, search.no_regression]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_unknown_rates_are_integrated_out_as_by_hand(data: st.DataObject) -> None:
    """Flaky() is equal to an enumeration of all hypotheses and all possible rates."""
    graph = data.draw(graphs())
    observations = data.draw(verdict_lists(graph))

    def log_likelihood(bad: list[bool]) -> float:
        total = 0.0
        for part in LIKELY_RATES:
            chance = part.share
            for one in observations:
                is_bad = bad[one.commit]
                rate = part.false_good if is_bad else part.false_bad
                chance *= 1 - rate if is_bad is isinstance(one.outcome, Bad) else rate
            total += chance
        return math.log(total)

    expected = enumerate_posterior(graph, prior_of(graph), log_likelihood)
    assert observed(graph, Flaky(), observations) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_known_rates_multiply_as_by_hand(data: st.DataObject) -> None:
    """Flaky(p, q) is equal to an enumeration with a product of flips."""
    graph = data.draw(graphs())
    observations = data.draw(verdict_lists(graph))

    def log_likelihood(bad: list[bool]) -> float:
        looks_bad = [0.2 if bad[o.commit] else 0.05 for o in observations]
        looks_bad = [1 - p if bad[o.commit] else p for p, o in zip(looks_bad, observations, strict=True)]
        return sum(
            math.log(p if isinstance(o.outcome, Bad) else 1 - p)
            for p, o in zip(looks_bad, observations, strict=True)
        )

    expected = enumerate_posterior(graph, prior_of(graph), log_likelihood)
    assert observed(graph, Flaky(0.05, 0.2), observations) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_exact_verdicts_leave_the_consistent_commits_evenly(data: st.DataObject) -> None:
    """Exact() spreads the posterior evenly over the commits that explain all verdicts."""
    graph = data.draw(graphs())
    first_bad = data.draw(st.integers(0, len(graph) - 1))
    probed = data.draw(st.lists(st.integers(-1, len(graph) - 1), max_size=6))
    truth = [*(bool(graph.ancestors(v)[first_bad]) for v in range(len(graph))), False]
    observations = [Observation(v, Bad() if truth[v] else Good()) for v in probed]

    def log_likelihood(bad: list[bool]) -> float:
        return -1e3 * sum(bad[o.commit] != isinstance(o.outcome, Bad) for o in observations)

    even = [1 / (len(graph) + 1)] * (len(graph) + 1)
    expected = enumerate_posterior(graph, even, log_likelihood)
    assert observed(graph, Exact(), observations) == pytest.approx(expected, abs=1e-9)


def dense_marginal(model: Timing, good: list[float], bad: list[float], pool: list[float]) -> float:
    """The marginal likelihood of one hypothesis by a dense Riemann sum over all parameters."""
    levels = np.linspace(-0.6, 1.2, 181)
    width = levels[1] - levels[0]
    steps = np.geomspace(1e-5, 20, 3000)
    total = 0.0
    for spread in np.exp(np.linspace(math.log(0.02), math.log(0.9), 40)):
        density = model.step_density(steps, spread)
        norm = np.trapezoid(density, steps)
        kernel = model.step_density(levels[None, :] - levels[:, None], spread) / norm
        for share, weight in ((0.003, 0.6), (0.1, 0.4)):

            def side(values: list[float], spread: float = spread, share: float = share) -> np.ndarray:
                sums = np.zeros(len(levels))
                for value in values:
                    others = np.array([v for v in pool if v != value])
                    z = (value - others) / spread
                    near = np.exp(-0.5 * z * z).sum() / max(len(others), 1) / math.sqrt(2 * math.pi)
                    sums += model.log_density((value - levels) / spread, np.array(near), share)
                    sums -= math.log(spread)
                return np.exp(sums)

            inner = kernel @ side(bad) * width if bad else np.ones(len(levels))
            mass = float((side(good) * inner).sum() * width)
            total += weight * math.exp(-0.5 * (math.log(spread / 0.05) / 1.6) ** 2) * mass
    return math.log(total)


def test_levels_and_spread_are_integrated_out_as_by_a_dense_sum() -> None:
    """Timing() is equal to an enumeration over a fine grid of levels, spreads and shares of outliers."""
    graph = CommitGraph([[], [0], [0], [1, 2], [3]])
    logs = {-1: [0.0, 0.11], 1: [0.07], 2: [0.31, 0.42], 3: [0.37], 4: [0.21]}
    observations = [Observation(v, Measured(math.exp(x))) for v, row in logs.items() for x in row]
    pool = [x for row in logs.values() for x in row]

    def log_likelihood(bad: list[bool]) -> float:
        good_values = [x for v, row in logs.items() if not bad[v] for x in row]
        bad_values = [x for v, row in logs.items() if bad[v] for x in row]
        return dense_marginal(Timing(), good_values, bad_values, pool)

    expected = enumerate_posterior(graph, prior_of(graph), log_likelihood)
    assert observed(graph, Timing(), observations) == pytest.approx(expected, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(NOISES))
def test_the_order_of_observations_does_not_matter(data: st.DataObject, noise: Noise) -> None:
    """Any permutation of the same observations gives the same posterior."""
    graph = data.draw(graphs())
    observations = data.draw(verdict_lists(graph))
    shuffled = data.draw(st.permutations(observations))
    assert observed(graph, noise, observations) == pytest.approx(observed(graph, noise, shuffled), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(NOISES))
def test_a_relabelled_graph_gives_the_same_posterior(data: st.DataObject, noise: Noise) -> None:
    """Numbering the commits in another topological order only permutes the posterior."""
    graph = data.draw(graphs())
    observations = data.draw(verdict_lists(graph))
    left, order = set(range(len(graph))), list[int]()
    while left:
        ready = sorted(v for v in left if not left & set(graph.parents[v]))
        order.append(data.draw(st.sampled_from(ready)))
        left.remove(order[-1])
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    relabelled = CommitGraph([[place[p] for p in graph.parents[old]] for old in order])
    moved = [Observation(place[o.commit], o.outcome) for o in observations]
    was, now = observed(graph, noise, observations), observed(relabelled, noise, moved)
    assert [now[place[v]] for v in range(len(graph))] == pytest.approx(was[:-1], abs=1e-9)
    assert sum(now) == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(NOISES), st.integers(1, 3))
def test_no_probe_without_information_is_proposed(data: st.DataObject, noise: Noise, k: int) -> None:
    """A proposal could change the posterior, and a batch has different commits."""
    graph = data.draw(graphs())
    search = Search(graph, noise=noise)
    search.observe_all(data.draw(verdict_lists(graph)))
    proposed = search.propose(k)
    assert len(set(proposed)) == len(proposed) <= k
    if k == 1:
        assert all(search.expected_information(commit) > 0 for commit in proposed)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(NOISES))
def test_undo_and_replay_restore_the_state(data: st.DataObject, noise: Noise) -> None:
    """After an undo, and after a replay, posterior and proposals are those of the remaining observations."""
    graph = data.draw(graphs())
    observations = data.draw(verdict_lists(graph))
    before = Search(graph, noise=noise)
    before.observe_all(observations)
    after = Search(graph, noise=noise)
    for one in [*observations, Observation(len(graph) - 1, Bad())]:
        after.observe(one.commit, one.outcome)
    after.undo()
    assert after.observations == before.observations
    assert after.posterior == pytest.approx(before.posterior, abs=1e-12)
    assert after.propose() == before.propose()
    assert after.spent == pytest.approx(before.spent)
