"""Commits of a range on branches that left before its old end, read from git on demand."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bisector.history.repository import Repository


class BesideOld:
    """Those of `candidates`, the commits of `bad` but not of `good`, that left before `good`.

    `merge_bases` are those of bad and the good commits that it does not contain.
    """

    def __init__(
        self,
        repository: Repository,
        good: Sequence[str],
        bad: str,
        candidates: Sequence[str],
        merge_bases: Sequence[str],
    ) -> None:
        self._repository = repository
        self._bottoms = tuple(dict.fromkeys((*good, *merge_bases)))
        self._bad = bad
        self._good = good
        self._candidates = candidates
        self._between: dict[tuple[str, str], frozenset[str]] = {}
        self._bases: dict[str, tuple[str, ...]] = {}

    def commits(self) -> frozenset[str]:
        """Those that descend from no good commit, and from no merge base."""
        return self._commits

    @functools.cached_property
    def _commits(self) -> frozenset[str]:
        # Only commits in the range count, so what a merge base has outside of it makes no difference.
        out = self._repository.git(
            "rev-list", "--ancestry-path", self._bad, "--not", *self._bottoms, "--"
        ).decode()
        return frozenset(self._candidates).difference(out.split(), (self._bad,))

    def between(self, base: str, tip: str) -> frozenset[str]:
        """`tip`, and those of its ancestors that descend from `base`."""
        if (base, tip) not in self._between:
            how = ("rev-list", "--ancestry-path", tip, "--not", base, "--")
            self._between[base, tip] = frozenset(self._repository.git(*how).decode().split())
        return self._between[base, tip]

    def bases(self, commit: str) -> tuple[str, ...]:
        """Where its branch left the history of the first good commit."""
        if commit not in self._bases:
            self._bases[commit] = tuple(self._repository.merge_bases(commit, self._good[0]))
        return self._bases[commit]
