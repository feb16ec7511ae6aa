"""What will be asked for once probes that are under way have ended: for building ahead.

Each outcome that a probe may have is played through on a copy of the search. The tree of outcomes is
walked by falling probability, and no further than asked.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bisector.search.outcomes import GOOD_END, Outcome, Untestable

if TYPE_CHECKING:
    from bisector.search.search import Search

FEWEST_PLAYED = 4
MOST_PLAYED = 3
"""Futures looked at for each commit wanted: with noise most of them ask for the same commit again."""
RARE = 1e-3
"""Futures less likely than this are not worth a build."""


@dataclass(frozen=True, slots=True, order=True)
class _Future:
    """An outcome of the first probe under way; sorts likelier ones first, then older ones."""

    rank: float
    age: int
    search: Search = field(compare=False)
    pending: tuple[int, ...] = field(compare=False)
    outcome: Outcome = field(compare=False)


def likely_next(search: Search, k: int, pending: tuple[int, ...]) -> list[int]:
    """Up to k commits by the probability that they are asked for next, `pending` ending in that order."""
    odds: dict[int, float] = defaultdict(float)
    heap: list[_Future] = []
    if not pending:
        pending = tuple(search.propose(1))
        odds.update(dict.fromkeys(pending, 1.0))
    _branch(heap, search, pending, 1.0)
    for _ in range(max(FEWEST_PLAYED, MOST_PLAYED * k)):
        if len(odds) >= k or not heap:
            break
        future = heapq.heappop(heap)
        after = future.search.fork()
        after.observe(future.pending[0], future.outcome)
        rest = future.pending[1:]
        asked = tuple(after.propose(1, rest))
        for commit in asked:
            odds[commit] -= future.rank
        _branch(heap, after, rest + asked, -future.rank)
    return sorted(odds, key=lambda commit: -odds[commit])[:k]


def _branch(heap: list[_Future], search: Search, pending: tuple[int, ...], probability: float) -> None:
    """Put what the first probe under way may show on the heap."""
    if pending:
        for outcome, share in _outcomes(search, pending[0]):
            if probability * share >= RARE:
                heapq.heappush(heap, _Future(-probability * share, len(heap), search, pending, outcome))


def _outcomes(search: Search, commit: int) -> Iterator[tuple[Outcome, float]]:
    """What a probe may show, each with its probability; a reading is taken to tell the truth."""
    untestable = 0.0 if commit == GOOD_END else float(search.probability_untestable()[commit])
    bad = search.probability_bad(commit)
    good_outcome, bad_outcome = search.typical_outcomes()
    yield good_outcome, (1 - untestable) * (1 - bad)
    yield bad_outcome, (1 - untestable) * bad
    if commit != GOOD_END:
        yield Untestable(), untestable
