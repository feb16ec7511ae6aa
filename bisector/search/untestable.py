"""Probability that each commit is untestable, by Bayes: broken builds come in runs of unknown length."""

from __future__ import annotations

import copy
import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from bisector.search.graph import CommitGraph
from bisector.search.noise import Floats, Ints

FAR = 1 << 30
"""The distance if nothing has been observed."""
FINEST = 8
"""Distances up to this are distinguished exactly, longer ones by factors of `COARSE`."""
COARSE = 1.25


@dataclass(frozen=True, slots=True)
class Runs:
    """Prior of untestable commits.

    `shares`: possible shares of untestable commits, each with its probability. The expected length of a run
    may be any power of two up to the number of commits. Lengths that leave testable stretches much shorter
    than `stretch` commits (√N, if less) between the runs are less likely. `horizon`: up to how many edges
    away an observation counts along edges. In topological order it counts at any distance.
    """

    shares: tuple[tuple[float, float], ...] = (
        (0.03, 0.25),
        (0.1, 0.3),
        (0.25, 0.2),
        (0.5, 0.15),
        (0.8, 0.1),
    )
    stretch: float = 16.0
    horizon: int = 60


class Untestables:
    """P(untestable) of every commit, given which commits were built and which could not be.

    A mixture of two-state Markov chains. Each has a share s of untestable commits, an expected length of
    their runs, and one of two orders to run along: the edges of the graph, or topological order.
    """

    def __init__(self, graph: CommitGraph, model: Runs) -> None:
        self.model = model
        self._graph = graph
        self._seen: dict[int, bool] = {}
        self._hops: _Hops | None = None
        scales = 2.0 ** np.arange(math.ceil(math.log2(len(graph))) + 1)
        share, mass = np.array(model.shares).T
        self._share, length = np.repeat(share, len(scales)), np.tile(scales, len(share))
        between = length * (1 - self._share) / self._share
        stretch = min(model.stretch, math.sqrt(len(graph)))
        # Cubed, because few hunts have a history that rarely builds for long.
        likely = np.repeat(mass, len(scales)) * (between / (between + stretch)) ** 3
        self._prior = np.concatenate((likely, likely)) / (2 * likely.sum())
        self._weight = self._prior
        self._factors = _factors(self._share, length)

    def fork(self) -> Untestables:
        """An independent copy."""
        other = copy.copy(self)
        other._seen = dict(self._seen)
        other._hops = self._hops.fork() if self._hops else None
        return other

    @property
    def skipped(self) -> list[int]:
        """The commits known to be untestable."""
        return [commit for commit, broken in self._seen.items() if broken]

    def see(self, commit: int, untestable: bool) -> None:
        """Learn about one commit; an untestable commit stays untestable."""
        if commit < 0 or self._seen.get(commit, False) or self._seen.get(commit) == untestable:
            return
        if self._hops is None and untestable:
            # Until the first failure nothing depends on the model; now replay the builds so far.
            self._hops = _Hops(self._graph, self.model.horizon)
            before, self._seen = self._seen, {}
            for known in before:
                self._learn(known, untestable=False)
        if self._hops is None:
            self._seen[commit] = untestable
        else:
            self._learn(commit, untestable)

    def _learn(self, commit: int, untestable: bool) -> None:
        """Reweight the chains by how well each predicted this commit."""
        assert self._hops is not None
        at = np.array([commit])
        odds = np.concatenate(
            [self._odds(*pair)[0] for pair in (self._along_order(at), self._hops.around(at))]
        )
        weight = self._weight * (odds if untestable else 1.0) / (1 + odds)
        self._weight = weight / weight.sum()
        self._seen[commit] = untestable
        self._hops.spread(commit, untestable)

    def probability(self) -> Floats:
        """Shape (N + 1,): for every commit, and last for the good endpoint, which is testable."""
        size = len(self._graph)
        # Most histories build, so broken builds cost no time before the first one.
        result = np.full(size + 1, self.model.shares[0][0])
        result[-1] = 0.0
        if self._hops is None:
            return result
        every = np.arange(size)
        result[:-1] = 0.0
        half = len(self._share)
        for weight, pair in (
            (self._weight[:half], self._along_order(every)),
            (self._weight[half:], self._hops.around(every)),
        ):
            code = pair[0] * len(self._factors) + pair[1]
            alike = np.flatnonzero(np.bincount(code))
            odds = self._odds(alike // len(self._factors), alike % len(self._factors))
            by_code = np.zeros(alike[-1] + 1)
            by_code[alike] = (odds / (1 + odds)) @ weight
            result[:-1] += by_code[code]
        for commit, broken in self._seen.items():
            result[commit] = float(broken)
        return result

    def _odds(self, one: Ints, other: Ints) -> Floats:
        """Shape (commits, chains): odds of untestable, from the nearest observations on both sides."""
        odds: Floats = self._share / (1 - self._share) * self._factors[one] * self._factors[other]
        return odds

    def _along_order(self, commits: Ints) -> tuple[Ints, Ints]:
        """The nearest observations before and after each commit in topological order; good is first."""
        seen = np.array(sorted(self._seen), dtype=np.int64)
        broken = np.array([False, *(self._seen[c] for c in seen.tolist()), False])
        before = np.searchsorted(seen, commits)
        after = before + (np.append(seen, -1)[before] == commits)
        places = np.concatenate(([-1], seen, [FAR]))
        return (
            _code(commits - places[before], broken[before]),
            _code(places[after + 1] - commits, broken[after + 1]),
        )


class _Hops:
    """Distances along edges, in either direction, to the nearest untestable and the nearest built commit."""

    def __init__(self, graph: CommitGraph, horizon: int) -> None:
        self._parents = graph.parents
        self._children = graph.children()
        self._horizon = horizon
        self._nearest = {broken: np.full(len(graph), FAR) for broken in (True, False)}
        # The good endpoint is testable, and one edge away from every root.
        self._spread_from([commit for commit, row in enumerate(graph.parents) if not row], 1, broken=False)

    def fork(self) -> _Hops:
        """An independent copy."""
        other = copy.copy(self)
        other._nearest = {broken: far.copy() for broken, far in self._nearest.items()}
        return other

    def around(self, commits: Ints) -> tuple[Ints, Ints]:
        """Codes of the nearest untestable and the nearest built commit, for each commit."""
        broken, sound = (_code(self._nearest[b][commits], np.full(len(commits), b)) for b in (True, False))
        return broken, sound

    def spread(self, start: int, broken: bool) -> None:
        """Shorten the distances after an observation of a commit."""
        self._spread_from([start], 0, broken)

    def _spread_from(self, starts: list[int], far: int, broken: bool) -> None:
        nearest = self._nearest[broken]
        nearest[starts] = far
        queue = deque(starts)
        while queue:
            commit = queue.popleft()
            far = nearest[commit] + 1
            if far > self._horizon:
                continue
            for near in (*self._parents[commit], *self._children[commit]):
                if nearest[near] > far:
                    nearest[near] = far
                    queue.append(near)


def _grades() -> Floats:
    """The distances that are distinguished."""
    coarse = FINEST * COARSE ** np.arange(1, math.ceil(math.log(FAR / FINEST, COARSE)) + 1)
    return np.concatenate((np.arange(FINEST + 1), coarse))


GRADES = _grades()


def _code(distance: Ints, broken: np.ndarray) -> Ints:
    """The row in `_factors` for a commit observed at a distance; the last row if there is none."""
    grade = np.searchsorted(GRADES, distance)
    return np.where(distance >= FAR // 2, 2 * len(GRADES), grade + len(GRADES) * broken)


def _factors(share: Floats, length: Floats) -> Floats:
    """Shape (codes, chains): the factor that an observation at distance d adds to the odds of untestable.

    With the correlation r per edge: P(untestable at d | untestable) / P(untestable at d | testable) for an
    untestable commit, and the same for "testable at d" for one that was built.
    """
    # A run ends with probability (1 - share)(1 - r) at each edge.
    per_edge = np.maximum(1 - 1 / (length * (1 - share)), 0.1)
    decay = per_edge ** GRADES[:, None]
    sound = (1 - share) * (1 - decay) / (1 - share + share * decay)
    broken = (share + (1 - share) * decay) / np.maximum(share * (1 - decay), 1e-12)
    return np.concatenate((sound, broken, np.ones((1, len(share)))))
