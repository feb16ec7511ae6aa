"""The behaviour of `git bisect`: its choice of the next commit, and its rule for skipped ones.

Written from the description of the algorithm in git's documentation (git-bisect-lk2009): git tests the commit
with the largest min(ancestors, others). If it is skipped, git tests a pseudo-random commit of the list that
is sorted by this value, with a bias towards its head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bisector.search import Bad, CommitGraph, Good, Outcome, Untestable

Probe = Callable[[int], Outcome]
MODULO = 32768


@dataclass
class GitBisect:
    """State of a `git bisect`: the candidates between the good commits and the bad one."""

    graph: CommitGraph
    bad: int
    candidates: list[int] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)
    checkouts: int = 0

    def __post_init__(self) -> None:
        self.candidates = self.graph.ancestors(self.bad).nonzero()[0].tolist()

    def run(self, probe: Probe, most: int = 10_000) -> list[int]:
        """Bisect until one candidate is left, or only skipped ones. Returns the candidates that are left."""
        while self.checkouts < most:
            commit = self.next()
            if commit is None:
                break
            self.checkouts += 1
            self.take(commit, probe(commit))
        return self.candidates

    def take(self, commit: int, outcome: Outcome) -> None:
        """Narrow the candidates."""
        if isinstance(outcome, Untestable):
            self.skipped.add(commit)
        elif isinstance(outcome, Bad):
            self.bad = commit
            reached = self.graph.ancestors(commit)
            self.candidates = [c for c in self.candidates if reached[c]]
        elif isinstance(outcome, Good):
            reached = self.graph.ancestors(commit)
            self.candidates = [c for c in self.candidates if not reached[c]]

    def next(self) -> int | None:
        """The commit that git would check out, or None at the end."""
        weight = self._ancestor_counts()
        total = len(self.candidates)
        order = sorted(self.candidates, key=lambda c: (-min(weight[c], total - weight[c]), c))
        tested = [c for c in order if c not in self.skipped]
        if not [c for c in tested if c != self.bad]:
            return None
        return order[0] if order[0] == tested[0] else self._skip_away(tested)

    def _skip_away(self, tested: list[int]) -> int:
        count = len(tested)
        prn = ((count * 1103515245 + 12345) % 2**32 // 65536) % MODULO
        index = int((count * prn // MODULO) * int(prn**0.5) // int(MODULO**0.5))
        commit = tested[index]
        return commit if commit != self.bad else tested[max(index - 1, 0)]

    def _ancestor_counts(self) -> dict[int, int]:
        masks: dict[int, int] = {}
        for bit, commit in enumerate(self.candidates):
            mask = 1 << bit
            for parent in self.graph.parents[commit]:
                mask |= masks.get(parent, 0)
            masks[commit] = mask
        return {commit: mask.bit_count() for commit, mask in masks.items()}
