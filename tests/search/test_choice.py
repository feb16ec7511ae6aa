"""The choice of probes: batches, costs, priors, untestable commits, endings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from bisector.errors import UsageError
from bisector.search import (
    AnyOf,
    Bad,
    Budget,
    CommitGraph,
    Costs,
    FirstBad,
    Flaky,
    Good,
    Inconclusive,
    Misfit,
    Observation,
    Search,
    Timing,
    Untestable,
)
from tests.search.driving import chain, flipped, hunt, timed, verdicts


def known(graph: CommitGraph, costs: Costs | None = None, prior: np.ndarray | None = None) -> Search:
    search = Search(graph, costs=costs, prior=prior)
    search.observe(-1, Good())
    search.observe(len(graph) - 1, Bad())
    return search


def test_a_batch_splits_the_range_evenly() -> None:
    """Three probes at once cut 64 commits into four equal parts, not into three almost equal halves."""
    assert sorted(known(chain(64)).propose(3)) == [15, 31, 47]


def test_batches_need_no_more_rounds_than_their_logarithm() -> None:
    """With k = 3, 64 commits take log4(64) = 3 rounds."""
    graph = chain(64)
    for first_bad in range(64):
        search, rounds = known(graph), 0
        truth = verdicts(graph, first_bad)
        while search.conclusion is None:
            for commit in search.propose(3):
                search.observe(commit, truth(commit))
            rounds += 1
        assert search.conclusion == FirstBad(first_bad, 1.0)
        assert rounds <= 3


def test_dear_bad_probes_are_asked_where_bad_is_unlikely() -> None:
    """If a bad probe runs into its watchdog, the best split is on the good side."""
    assert known(chain(100)).propose() == [49]
    assert known(chain(100), Costs(bad=10.0)).propose()[0] < 25


def test_a_commit_already_built_is_preferred() -> None:
    """An expensive build moves the choice to a commit that is built, if it tells almost as much."""
    builds = [10.0] * 100
    builds[45] = 0.0
    assert known(chain(100), Costs(builds=builds)).propose() == [45]


def test_a_wrong_prior_costs_probes_and_not_correctness() -> None:
    """With all weight on the wrong commit, every first bad commit is still found, also with noise."""
    graph = chain(40)
    prior = np.zeros(40)
    prior[5] = 1.0
    for first_bad in (0, 5, 6, 39):
        search = known(graph, prior=prior)
        assert hunt(search, verdicts(graph, first_bad)) <= 12
        assert search.conclusion == FirstBad(first_bad, 1.0)
        noisy = Search(graph, noise=Flaky(), prior=prior)
        hunt(noisy, flipped(graph, first_bad, 0.05, seed=first_bad))
        assert isinstance(noisy.conclusion, FirstBad)
        assert noisy.conclusion.commit == first_bad


def test_a_right_prior_saves_probes() -> None:
    """If the caller's guess is right, it is confirmed at once."""
    graph = chain(1000)
    prior = np.full(1000, 1e-3)
    prior[700] = 1.0
    assert hunt(known(graph, prior=prior), verdicts(graph, 700)) <= 4


def test_neighbours_of_a_broken_commit_are_avoided() -> None:
    """After a failed build, the next proposal is at a distance. The failed commit is never proposed again."""
    search = known(chain(100))
    search.observe(49, Untestable())
    assert abs(search.propose()[0] - 49) > 3
    untestable = search.probability_untestable()
    assert untestable[49] == 1.0
    assert untestable[50] > untestable[60] > untestable[99]


def test_a_side_branch_answers_for_an_untestable_commit() -> None:
    """A commit that contains the same suspects is probed instead of an untestable one."""
    graph = CommitGraph([[], [0], [1], [1], [2, 3]])
    search = known(graph)
    search.observe(2, Bad())
    search.observe(1, Untestable())
    assert search.propose() == [3]
    search.observe(3, Good())
    assert search.conclusion == FirstBad(2, 1.0)


def test_a_flaky_hunt_ends_with_the_set_that_untestable_commits_hide() -> None:
    """With noise too, commits that no testable commit separates are named together."""
    graph = chain(12)
    search = Search(graph, noise=Flaky(0.02, 0.02))
    truth = flipped(graph, 6, 0.0, seed=0)
    hunt(search, lambda commit: Untestable() if commit in (5, 6) else truth(commit))
    assert isinstance(search.conclusion, AnyOf)
    assert search.conclusion.commits == (5, 6, 7)


def test_a_spent_budget_ends_the_search_with_the_likeliest_commits() -> None:
    """Budget(probes=3) stops after three, and names commits with their odds."""
    graph = chain(100)
    search = Search(graph, noise=Flaky(), stop=Budget(probes=3))
    assert hunt(search, flipped(graph, 40, 0.0, seed=0)) == 3
    assert isinstance(search.conclusion, Inconclusive)
    assert len(search.conclusion.commits) == len(search.conclusion.probabilities) > 0
    assert search.propose() == []


def test_two_steps_are_reported_as_a_misfit() -> None:
    """Readings that return to the good level before the bad endpoint are not a single step."""
    graph = chain(96)
    high, low = timed(graph, 0, 2.0, 0.02, seed=1), timed(graph, None, 2.0, 0.02, seed=2)
    search = Search(graph, noise=Timing())
    readings = [(c, high(c) if 30 <= c < 60 or c >= 80 else low(c)) for c in range(0, 96, 2)]
    search.observe_all(Observation(*reading) for reading in readings)
    assert isinstance(search.conclusion, Misfit)
    assert 26 <= min(search.conclusion.commits) <= max(search.conclusion.commits) <= 84


def test_the_estimate_of_probes_left_falls_to_nothing() -> None:
    """The estimate is about log2 N at first, and zero at the end."""
    search = known(chain(1024))
    assert search.expected_probes_left() == pytest.approx(10, abs=0.5)
    hunt(search, verdicts(search.graph, 5))
    assert search.expected_probes_left() == 0


@pytest.mark.parametrize("parents", [[], [[1], []], [[], [1]], [[-1]]])
def test_a_graph_out_of_order_is_refused(parents: list[list[int]]) -> None:
    """Empty graphs and parents that do not come first have a clear error."""
    with pytest.raises(UsageError):
        CommitGraph(parents)


def test_mistakes_of_a_caller_are_refused() -> None:
    """Commits outside the graph and invalid confidences, priors and numbers of probes each have a message."""
    search = Search(chain(3))
    for mistake in (
        lambda: search.observe(3, Good()),
        lambda: search.observe(-1, Untestable()),
        lambda: search.propose(0),
        lambda: search.undo(),
        lambda: Search(chain(3), confidence=1.0),
        lambda: Search(chain(3), prior=[1.0]),
        lambda: Search(chain(3), no_regression=1.0),
        lambda: Costs(good=0.0),
    ):
        with pytest.raises(UsageError):
            mistake()


def test_untestable_commits_that_cost_nothing_are_no_division_by_zero() -> None:
    """If the hunt file skips all candidates, nothing is proposed and no warning appears."""
    search = known(chain(12), Costs(untestable=0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for commit in range(11):
            search.observe(commit, Untestable())
            search.propose()
    assert isinstance(search.conclusion, AnyOf)
