"""Graphs and probe functions that the search tests share."""

from __future__ import annotations

from collections.abc import Callable

from bisector.search import Bad, CommitGraph, Good, Outcome, Search

Probe = Callable[[int], Outcome]


def chain(size: int) -> CommitGraph:
    """A history without merges."""
    return CommitGraph([[v - 1] if v else [] for v in range(size)])


def verdicts(graph: CommitGraph, first_bad: int | None) -> Probe:
    """A probe that always tells the truth."""

    def probe(commit: int) -> Outcome:
        if first_bad is None or commit < 0:
            return Good()
        return Bad() if graph.ancestors(commit)[first_bad] else Good()

    return probe


def hunt(search: Search, probe: Probe, most: int = 1000) -> int:
    """Drive a search to its end and return the number of probes."""
    probes = 0
    while search.conclusion is None and probes < most:
        for commit in search.propose():
            search.observe(commit, probe(commit))
            probes += 1
    return probes
