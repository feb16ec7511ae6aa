"""Long runs of untestable commits: how many probes they cost, and what the search learns about them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.search.histories import like_git
from benchmarks.search.untestable import count
from bisector.search import AnyOf, Bad, CommitGraph, FirstBad, Good, Search, Untestable
from tests.search.driving import chain, hunt, verdicts


@pytest.mark.parametrize(
    ("graph", "share", "stretches", "place", "most"),
    [
        (chain(50), 0.05, 1, "inside", 9),
        (chain(300), 0.5, 1, "far", 11),
        (chain(300), 0.5, 1, "beside", 50),
        (chain(100), 0.3, 1, "inside", 40),
        (chain(300), 0.8, 4, "far", 18),
        (chain(500), 0.8, 1, "far", 13),
        (chain(500), 0.2, 4, "far", 12),
        (like_git(300, 4), 0.5, 1, "beside", 20),
    ],
)
def test_a_long_untestable_stretch_costs_no_more_than_with_git(
    graph: CommitGraph, share: float, stretches: int, place: str, most: float
) -> None:
    """The answer is right, with on average at most two probes more than git, for any first bad commit."""
    counts = count(graph, share, stretches, place, trials=8)
    assert counts.right == 8
    assert np.mean(counts.ours) <= most
    assert counts.behind <= 2


def test_a_stretch_away_from_the_first_bad_commit_is_left_early() -> None:
    """If 160 of 300 commits are untestable, only a few of them are tried."""
    graph = chain(300)
    truth = verdicts(graph, 269)
    search = Search(graph)
    probes = hunt(search, lambda commit: Untestable() if 59 <= commit < 219 else truth(commit))
    assert search.conclusion == FirstBad(269, 1.0)
    # Equal choices are told apart by the last digits of floats, which differ between processors.
    assert probes <= 13


def test_a_first_bad_commit_in_the_stretch_ends_with_those_tried() -> None:
    """The answer is the full run and the commit after it, and all are tried. Its bounds are tried first."""
    graph = chain(100)
    truth = verdicts(graph, 40)
    search, broken = Search(graph), range(30, 60)
    probes = hunt(search, lambda commit: Untestable() if commit in broken else truth(commit))
    assert isinstance(search.conclusion, AnyOf)
    assert search.conclusion.commits == (*broken, 60)
    assert probes <= len(broken) + 10
    order = [o.commit for o in search.observations]
    assert max(order.index(29), order.index(60)) < len(order) - 15


def test_endpoints_count_as_testable() -> None:
    """Near good, and near a bad that was run, commits are more probably testable than in between."""
    search = Search(chain(101))
    search.observe(100, Bad())
    search.observe(50, Untestable())
    chance = search.probability_untestable()
    assert chance[0] < chance[25] < chance[49]
    assert chance[99] < chance[75] < chance[51]


def test_the_length_of_a_stretch_is_learned() -> None:
    """Two more untestable commits between two others make the commits in between less probably testable."""
    search = Search(chain(400))
    search.observe(399, Bad())
    search.observe(100, Untestable())
    search.observe(300, Untestable())
    before = search.probability_untestable()[250]
    search.observe(200, Untestable())
    search.observe(150, Untestable())
    assert before < search.probability_untestable()[250]
    assert search.probability_untestable()[250] > 0.7


def test_single_untestable_commits_leave_their_neighbours_likely() -> None:
    """If neighbours of untestable commits could be built, those of the next one are probably testable."""
    search = Search(chain(400))
    for commit in (50, 120, 190, 260, 330):
        search.observe(commit - 1, Good())
        search.observe(commit + 1, Good())
        search.observe(commit, Untestable())
    search.observe(20, Untestable())
    assert search.probability_untestable()[21] < 0.5
