"""Verdicts without errors."""

from __future__ import annotations

import math

import pytest

from bisector.errors import UsageError
from bisector.search import (
    AnyOf,
    Bad,
    CommitGraph,
    FirstBad,
    Good,
    Measured,
    Misfit,
    NoRegression,
    Search,
    Untestable,
)
from tests.search.driving import chain, hunt, verdicts


@pytest.mark.parametrize("size", [1, 2, 3, 10, 33, 64])
def test_every_first_bad_commit_of_a_chain_is_found_within_the_budget_of_halving(size: int) -> None:
    """Each first bad commit is found with at most ceil(log2 N) + 1 probes."""
    for first_bad in range(size):
        search = Search(chain(size))
        probes = hunt(search, verdicts(search.graph, first_bad))
        assert search.conclusion == FirstBad(first_bad, 1.0)
        assert probes <= math.ceil(math.log2(size)) + 1


def test_known_endpoints_leave_nothing_to_ask_of_a_single_commit() -> None:
    """With one candidate and a bad endpoint, there is nothing to search."""
    search = Search(chain(1))
    search.observe(-1, Good())
    search.observe(0, Bad())
    assert search.conclusion == FirstBad(0, 1.0)


def test_a_range_without_regression_is_reported_as_such() -> None:
    """If everything is good, the bad endpoint is probed and the answer is "no regression"."""
    search = Search(chain(50))
    assert hunt(search, verdicts(search.graph, None)) <= 7
    assert search.conclusion == NoRegression(1.0)


def test_both_sides_of_a_merge_are_searched() -> None:
    """A first bad commit on a side branch, and the merge itself, are both found."""
    graph = CommitGraph([[], [0], [1], [0], [3], [2, 4]])
    for first_bad in range(6):
        search = Search(graph)
        hunt(search, verdicts(graph, first_bad))
        assert search.conclusion == FirstBad(first_bad, 1.0)


def test_untestable_commits_are_never_innocent() -> None:
    """If the first bad commit is among untestable ones, the answer is the exact set."""
    search = Search(chain(10))
    truth = verdicts(search.graph, 5)
    hunt(search, lambda commit: Untestable() if commit in (4, 5, 6) else truth(commit))
    assert isinstance(search.conclusion, AnyOf)
    assert search.conclusion.commits == (4, 5, 6, 7)
    assert sum(search.conclusion.probabilities) == pytest.approx(1.0)


def test_contradicting_verdicts_are_reported_and_can_be_undone() -> None:
    """A bad ancestor of a good commit is not a single step. After an undo, the search continues."""
    search = Search(chain(10))
    search.observe(3, Bad())
    search.observe(7, Good())
    assert isinstance(search.conclusion, Misfit)
    search.undo()
    assert search.conclusion is None
    assert search.propose() == [1]


def test_a_measured_value_is_refused_with_the_mend() -> None:
    """Exact() does not guess what a number means."""
    with pytest.raises(UsageError, match="Timing"):
        Search(chain(3)).observe(1, Measured(2.0))
