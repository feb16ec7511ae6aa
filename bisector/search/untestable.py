"""Broken builds come in runs: how likely each commit is untestable, learned along the graph."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass

import numpy as np

from bisector.search.graph import CommitGraph
from bisector.search.noise import Floats, Ints

FAR = 1 << 30


@dataclass(frozen=True, slots=True)
class Runs:
    """A two-state Markov chain along the edges of the graph.

    `length`: expected length of a run of untestable commits. `broken`, `sound`: Beta prior of the share of
    untestable commits. `horizon`: how many edges away an observation still counts.
    """

    length: float = 10.0
    broken: float = 0.5
    sound: float = 4.5
    horizon: int = 60


class Untestables:
    """P(untestable) of every commit, given which commits were built and which could not be."""

    def __init__(self, graph: CommitGraph, model: Runs) -> None:
        self.model = model
        self._graph = graph
        self._children: list[list[int]] = []
        self._seen: dict[int, bool] = {}
        self._to_broken: Ints = np.zeros(0, dtype=np.int64)
        self._to_sound: Ints = np.zeros(0, dtype=np.int64)

    def fork(self) -> Untestables:
        """A copy that learns by itself."""
        other = copy.copy(self)
        other._seen = dict(self._seen)
        other._to_broken, other._to_sound = self._to_broken.copy(), self._to_sound.copy()
        return other

    @property
    def skipped(self) -> list[int]:
        """The commits known to be untestable."""
        return [commit for commit, broken in self._seen.items() if broken]

    def see(self, commit: int, untestable: bool) -> None:
        """Learn of one commit; once untestable it stays so."""
        if commit < 0 or self._seen.get(commit, False) or self._seen.get(commit) == untestable:
            return
        self._seen[commit] = untestable
        if not self._children and untestable:
            self._children = self._graph.children()
            self._to_broken = np.full(len(self._graph), FAR)
            self._to_sound = np.full(len(self._graph), FAR)
            for known, broken in self._seen.items():
                self._spread(known, broken)
        elif self._children:
            self._spread(commit, untestable)

    def _spread(self, start: int, broken: bool) -> None:
        """Shorten the distances to the nearest broken (or sound) commit, whichever way the edges point."""
        nearest = self._to_broken if broken else self._to_sound
        nearest[start] = 0
        queue = deque([start])
        while queue:
            commit = queue.popleft()
            far = nearest[commit] + 1
            if far > self.model.horizon:
                continue
            for near in (*self._graph.parents[commit], *self._children[commit]):
                if nearest[near] > far:
                    nearest[near] = far
                    queue.append(near)

    def probability(self) -> Floats:
        """Shape (N + 1,): of every commit and, last, of the good endpoint, which is testable.

        Given the nearest broken commit at distance d and the nearest sound one at e, the chain with
        share s and correlation r per edge gives the odds s/(1-s) x P(broken at d | broken) / P(broken at
        d | sound) x P(sound at e | broken) / P(sound at e | sound).
        """
        broken = sum(self._seen.values())
        share = (self.model.broken + broken) / (self.model.broken + self.model.sound + len(self._seen))
        result = np.full(len(self._graph) + 1, share)
        result[-1] = 0.0
        if not broken:
            return result
        # A run ends with probability (1 - share)(1 - r) at each edge.
        per_edge = max(1 - 1 / (self.model.length * (1 - share)), 0.1)
        odds = np.full(len(self._graph), share / (1 - share))
        near = self._to_broken <= self.model.horizon
        decay = per_edge ** self._to_broken[near]
        odds[near] *= (share + (1 - share) * decay) / np.maximum(share * (1 - decay), 1e-12)
        near = self._to_sound <= self.model.horizon
        decay = per_edge ** self._to_sound[near]
        odds[near] *= (1 - share) * (1 - decay) / (1 - share + share * decay)
        result[:-1] = odds / (1 + odds)
        result[self.skipped] = 1.0
        return result
