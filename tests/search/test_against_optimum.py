"""The cost of a search, summed over every first bad commit, compared with the optimum."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.search.bounds import best_dear_tree, best_of_all, best_on_a_line
from benchmarks.search.histories import like_git
from benchmarks.search.simulate import expected, makespan
from bisector.search import Bad, CommitGraph, Costs, Good, Observation, Search
from tests.search.driving import chain, graphs, verdicts


def known(graph: CommitGraph, costs: Costs | None = None) -> Search:
    search = Search(graph, costs=costs)
    search.observe_all([Observation(-1, Good()), Observation(len(graph) - 1, Bad())])
    return search


@pytest.mark.parametrize("dear", [1.0, 3.0, 30.0])
def test_the_three_ways_to_compute_the_optimum_agree_on_a_line(dear: float) -> None:
    """Computing it by leaves, by parts of the line and by sets of suspects gives the same result."""
    by_leaves = best_dear_tree(18, dear)
    assert best_on_a_line(Costs(bad=dear), 18) == pytest.approx(by_leaves)
    assert best_of_all(chain(18), dear) == pytest.approx(by_leaves)


@pytest.mark.parametrize(
    ("dear", "saved", "above"), [(1.0, 0.0, 0.001), (10.0, 0.24, 0.01), (30.0, 0.38, 0.025)]
)
def test_dear_bad_probes_cost_little_more_than_they_must(dear: float, saved: float, above: float) -> None:
    """In a line of 60 commits, the search saves this share against halving, and is close to the optimum."""
    paid = Costs(bad=dear)
    ours = expected(known(chain(60), paid), paid).cost
    assert ours <= (1 - saved) * expected(known(chain(60)), paid).cost + 1e-9
    assert best_dear_tree(60, dear) - 1e-9 <= ours <= (1 + above) * best_dear_tree(60, dear)


@settings(max_examples=25, deadline=None)
@given(graphs(most=10), st.sampled_from([1.0, 4.0, 20.0]))
def test_nothing_is_cheaper_than_the_optimum(graph: CommitGraph, dear: float) -> None:
    """In any small graph, a search never costs less than dynamic programming over its sets of suspects."""
    paid = Costs(bad=dear)
    ours, best = expected(known(graph, paid), paid).cost, best_of_all(graph, dear)
    assert best - 1e-9 <= ours <= 1.35 * best + 1e-9


def test_builds_at_hand_are_made_use_of() -> None:
    """If every fifth commit is built, a search that knows it comes within 4% of the optimum."""
    paid = Costs(build=5.0, builds=[0.2 if commit % 5 == 0 else 5.0 for commit in range(40)])
    ours = expected(known(chain(40), paid), paid).cost
    best = best_on_a_line(paid, 40)
    assert best - 1e-9 <= ours <= 1.04 * best < expected(known(chain(40)), paid).cost


def test_probes_side_by_side_end_sooner() -> None:
    """Two or three jobs, each chosen with the running ones in mind, take at most 0.7 or 0.56 of the time."""
    graph = like_git(150, 7)
    suspects = [commit for commit in range(0, 150, 5) if graph.ancestors(149)[commit]]
    took = {
        jobs: sum(makespan(known(graph), verdicts(graph, one), jobs, lambda _: 1.0) for one in suspects)
        for jobs in (1, 2, 3)
    }
    assert took[2] <= 0.70 * took[1]
    assert took[3] <= 0.56 * took[1]
