"""Running probes: what to probe in addition, and what to build ahead."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bisector.errors import UsageError
from bisector.search import (
    Bad,
    CommitGraph,
    Costs,
    Exact,
    FirstBad,
    Flaky,
    Good,
    Observation,
    Search,
)
from tests.search.driving import chain, graphs, verdicts


def known(graph: CommitGraph, costs: Costs | None = None) -> Search:
    search = Search(graph, Exact(), costs=costs)
    search.observe_all([Observation(-1, Good()), Observation(len(graph) - 1, Bad())])
    return search


def after(search: Search, commit: int, outcome: Good | Bad) -> Search:
    """A new search with the same observations and one more."""
    other = Search(search.graph, search.noise, costs=search.costs)
    other.observe_all([*search.observations, Observation(commit, outcome)])
    return other


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_probe_under_way_is_never_asked_for_again(data: st.DataObject) -> None:
    """With exact verdicts, neither a running probe nor an equivalent one is proposed."""
    graph = data.draw(graphs(most=12))
    search = known(graph)
    first_bad = data.draw(st.integers(0, len(graph) - 1))
    assume(search.conclusion is None)
    pending: list[int] = []
    while search.conclusion is None:
        k = data.draw(st.integers(1, 3))
        asked = search.propose(k, pending=pending)
        assert not set(asked) & set(pending)
        assert len(set(asked)) == len(asked) <= k
        pending += asked
        assert pending
        ended = pending.pop(data.draw(st.integers(0, len(pending) - 1)))
        search.observe(ended, verdicts(graph, first_bad)(ended))
    assert search.conclusion == FirstBad(first_bad, 1.0)


@settings(max_examples=40, deadline=None)
@given(graphs(most=14), st.integers(1, 4))
def test_with_nothing_under_way_it_is_the_plain_proposal(graph: CommitGraph, k: int) -> None:
    """propose(k, pending=[]) is propose(k)."""
    assert known(graph).propose(k, pending=[]) == known(graph).propose(k)


def test_a_second_probe_is_placed_around_the_first() -> None:
    """Next to the middle of 64 commits, a quarter is most informative, and three quarters comes second."""
    assert known(chain(64)).propose(1, pending=[31]) in ([15], [47])
    assert known(chain(64)).propose(2, pending=[31]) == [15, 47]


def test_a_probe_that_has_become_moot_takes_nothing_away() -> None:
    """A commit that must be bad is no longer a question."""
    search = known(chain(64))
    search.observe(31, Bad())
    assert search.is_moot(47)
    assert not search.is_moot(15)
    assert search.propose(1, pending=[47]) == search.propose(1) == [15]


def test_a_flaky_commit_may_be_asked_again_while_it_is_under_way() -> None:
    """If readings may be wrong, a second reading of the only open commit is worth its slot."""
    search = Search(chain(2), Flaky(0.2, 0.2), no_regression=0.0)
    search.observe_all([Observation(-1, Good()), Observation(1, Bad())])
    assert search.propose(1, pending=[0]) == [0]


def test_new_costs_move_the_next_proposal() -> None:
    """Costs that are learned during a hunt apply at once."""
    search = known(chain(100))
    assert search.propose() == [49]
    search.costs = Costs(bad=10.0)
    assert search.propose() == known(chain(100), Costs(bad=10.0)).propose()
    assert search.propose()[0] < 25


@pytest.mark.parametrize(("k", "most"), [(2, 120), (3, 120), (7, 40)])
def test_rounds_on_a_chain_are_never_more_than_their_logarithm(k: int, most: int) -> None:
    """With k probes at once, any first bad commit of any N takes at most ceil(log_(k+1) N) rounds."""
    rounds = [0, 0]
    for size in range(2, most):
        parts = np.diff([-1, *sorted(known(chain(size)).propose(k)), size - 1])
        rounds.append(1 + max(rounds[part] for part in parts))
        assert rounds[size] <= math.ceil(math.log(size, k + 1) - 1e-9), size


def test_mistakes_about_probes_under_way_are_refused() -> None:
    """A commit outside the graph cannot be running, and at least one probe must be requested."""
    search = known(chain(9))
    for mistake in (lambda: search.propose(1, pending=[9]), lambda: search.propose(0)):
        with pytest.raises(UsageError):
            mistake()
