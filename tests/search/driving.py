"""Graphs and probe functions that the search tests share."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from hypothesis import strategies as st

from bisector.search import Bad, CommitGraph, Good, Measured, Outcome, Search

Probe = Callable[[int], Outcome]


def chain(size: int) -> CommitGraph:
    """A history without merges."""
    return CommitGraph([[v - 1] if v else [] for v in range(size)])


def verdicts(graph: CommitGraph, first_bad: int | None) -> Probe:
    """A probe that always returns the true verdict."""

    def probe(commit: int) -> Outcome:
        if first_bad is None or commit < 0:
            return Good()
        return Bad() if graph.ancestors(commit)[first_bad] else Good()

    return probe


def hunt(search: Search, probe: Probe, most: int = 1000) -> int:
    """Run a search to its end and return the number of probes."""
    probes = 0
    while search.conclusion is None and probes < most:
        for commit in search.propose():
            search.observe(commit, probe(commit))
            probes += 1
    return probes


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> CommitGraph:
    """Small histories with merges, octopus merges and several roots, in which the last descends from all."""
    size = draw(st.integers(1, most))
    parents: list[list[int]] = []
    for commit in range(size - 1):
        candidates = st.integers(0, max(commit - 1, 0))
        parents.append(sorted(draw(st.sets(candidates, max_size=min(3, commit)))) if commit else [])
    childless = set(range(size - 1)) - {parent for row in parents for parent in row}
    return CommitGraph([*parents, sorted(childless)])


def enumerate_posterior(
    graph: CommitGraph, prior: list[float], log_likelihood: Callable[[list[bool]], float]
) -> list[float]:
    """The posterior by brute force. `log_likelihood` gets the set of bad commits, with -1 for good."""
    logs = []
    for first_bad in [*range(len(graph)), None]:
        bad = [first_bad is not None and bool(graph.ancestors(v)[first_bad]) for v in range(len(graph))]
        logs.append(log_likelihood([*bad, False]))
    top = max(logs)
    joint = [weight * math.exp(value - top) for weight, value in zip(prior, logs, strict=True)]
    return [one / sum(joint) for one in joint]


def flipped(graph: CommitGraph, first_bad: int | None, rate: float, seed: int) -> Probe:
    """A probe whose verdicts are wrong at a rate."""
    truth, rng = verdicts(graph, first_bad), random.Random(seed)

    def probe(commit: int) -> Outcome:
        outcome = truth(commit)
        if rng.random() < rate:
            return Good() if isinstance(outcome, Bad) else Bad()
        return outcome

    return probe


def timed(graph: CommitGraph, first_bad: int | None, factor: float, spread: float, seed: int) -> Probe:
    """A probe that measures 2 s before and 2 s times `factor` after, with a lognormal spread."""
    truth, rng = verdicts(graph, first_bad), random.Random(seed)

    def probe(commit: int) -> Outcome:
        step = factor if isinstance(truth(commit), Bad) else 1.0
        return Measured(2.0 * step * math.exp(rng.gauss(0.0, spread)))

    return probe
