"""Generated truths: how a history affects its readings, and which commits a hunt may name."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.search.histories import chain, descendants, like_git, untestable_runs
from bisector.search import Bad, CommitGraph, Good, Measured, Noise, Outcome, Untestable

Floats = NDArray[np.float64]
Probe = Callable[[int], Outcome]

GRAPHS = (chain(60), chain(120), like_git(80, 7), like_git(120, 5))
"""Lines, and histories with merges. Every commit is an ancestor of the last one."""
NULLS = 0.1
"""Share of ranges without a regression."""


@dataclass(frozen=True)
class World:
    """One range: its graph, its truth, and a probe that shows it with noise."""

    graph: CommitGraph
    culprit: int | None
    """The first bad commit, or None if no commit is bad."""
    others: frozenset[int]
    """Other commits with a real step to bad. They are neither the first bad commit nor an invention."""
    probe: Probe


@dataclass(frozen=True)
class Case:
    """One kind of range: the options of the search, and how to generate worlds of this kind."""

    group: str
    label: str
    noise: Noise
    make: Callable[[random.Random], World]

    @property
    def name(self) -> str:
        """The name for `--only`."""
        return f"{self.group}: {self.label}"


@dataclass(frozen=True)
class Steps:
    """The steps in the level of a range: where, how large, and the sum at each commit."""

    graph: CommitGraph
    culprit: int | None
    sizes: Mapping[int, float]

    def world(self, probe: Probe) -> World:
        """The range with this probe."""
        ups = {commit for commit, size in self.sizes.items() if size > 0}
        return World(self.graph, self.culprit, frozenset(ups - {self.culprit}), probe)

    def level(self) -> Floats:
        """Shape (N + 1,): the sum of the steps at each commit. The good endpoint (-1) is last, with none."""
        level = np.zeros(len(self.graph) + 1)
        for commit, size in self.sizes.items():
            level[:-1] += size * descendants(self.graph, commit)
        return level


def one_step(rng: random.Random) -> Steps:
    """A first bad commit anywhere, or no step."""
    graph = rng.choice(GRAPHS)
    culprit = None if rng.random() < NULLS else rng.randrange(len(graph))
    return Steps(graph, culprit, {} if culprit is None else {culprit: 1.0})


def two_steps(rng: random.Random, second: float = 0.5) -> Steps:
    """The first bad commit, and another that adds `second` of its step."""
    graph = rng.choice(GRAPHS)
    culprit, other = rng.sample(range(len(graph)), 2)
    return Steps(graph, culprit, {culprit: 1.0, other: second})


def comes_and_goes(rng: random.Random) -> Steps:
    """A step that is fixed and brought in again, each time by a descendant."""
    graph = rng.choice(GRAPHS)
    line = [len(graph) - 1]
    while graph.parents[line[-1]]:
        line.append(rng.choice(graph.parents[line[-1]]))
    first, mended, again = sorted(rng.sample(line, 3))
    return Steps(graph, first, {first: 1.0, mended: -1.0, again: 1.0})


def verdicts(rng: random.Random, looks_bad: Floats) -> Probe:
    """Verdicts that are bad with this probability for each commit, with shape (N + 1,)."""
    return lambda commit: Bad() if rng.random() < looks_bad[commit] else Good()


def flips(rng: random.Random, steps: Steps, false_bad: float, false_good: float) -> Probe:
    """Verdicts that flip at two rates."""
    return verdicts(rng, np.where(steps.level() > 0, 1 - false_good, false_bad))


def measured(steps: Steps, factor: float, error: Callable[[], float]) -> Probe:
    """Values with a step of `factor`. A new `error` for each reading is added to the logarithm."""
    level = steps.level() * math.log(factor)
    return lambda commit: Measured(math.exp(level[commit] + error()))


def with_untestable(rng: random.Random, graph: CommitGraph, share: float, probe: Probe) -> Probe:
    """The same readings, but with runs of untestable commits."""
    broken = untestable_runs(graph, share, rng)
    return lambda commit: Untestable() if commit in broken else probe(commit)
