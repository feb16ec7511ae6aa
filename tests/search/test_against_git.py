"""Comparison with a port of git's own rule, and with the exact set that git would print."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.search.git_rule import GitBisect
from benchmarks.search.histories import left_over, like_git, untestable_runs
from bisector.search import AnyOf, Bad, FirstBad, Good, Outcome, Search, Untestable
from tests.search.driving import graphs, hunt, verdicts


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_untestable_commits_hide_is_the_exact_set(data: st.DataObject) -> None:
    """The answer is exactly the set that readings of every testable commit leave."""
    graph = data.draw(graphs(most=9))
    last = len(graph) - 1
    first_bad = data.draw(st.integers(0, last))
    broken = data.draw(st.sets(st.integers(0, last))) - {last}
    truth = verdicts(graph, first_bad)
    search = Search(graph)
    search.observe(-1, Good())
    search.observe(last, Bad())
    hunt(search, lambda commit: Untestable() if commit in broken else truth(commit))
    match search.conclusion:
        case FirstBad(commit):
            answer = [commit]
        case AnyOf(commits):
            answer = list(commits)
    assert answer == left_over(graph, first_bad, broken)


def test_untestable_runs_cost_no_more_than_with_git() -> None:
    """In a history with merges, 30% untestable, it takes fewer probes than git and never a larger set."""
    graph = like_git(600, seed=4)
    ours, theirs = [], []
    for seed in range(8):
        rng = random.Random(seed)
        broken = untestable_runs(graph, 0.3, rng)
        first_bad = rng.randrange(len(graph))
        truth = verdicts(graph, first_bad)

        def probe(commit: int, broken: set[int] = broken, truth: object = truth) -> Outcome:
            return Untestable() if commit in broken else truth(commit)

        git = GitBisect(graph, len(graph) - 1)
        left = git.run(probe)
        theirs.append(git.checkouts)
        search = Search(graph)
        search.observe(-1, Good())
        search.observe(len(graph) - 1, Bad())
        ours.append(hunt(search, probe))
        answer = getattr(search.conclusion, "commits", None) or (search.conclusion.commit,)
        assert first_bad in answer
        assert set(answer) <= set(left)
    assert np.mean(ours) <= np.mean(theirs)


def test_a_large_history_replays_to_the_same_proposals() -> None:
    """Beyond the exact support too, the same observations lead to the same next probe."""
    graph = like_git(5000, seed=1)
    truth = verdicts(graph, 2345)
    search = Search(graph)
    for _ in range(3):
        commit = search.propose()[0]
        search.observe(commit, truth(commit))
    replayed = Search(graph)
    replayed.observe_all(search.observations)
    assert replayed.propose() == search.propose()
    search.observe(0, Good())
    search.undo()
    assert replayed.propose(3) == search.propose(3)
