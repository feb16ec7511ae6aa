"""Parents of commits, read from git on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bisector.history.repository import Repository


class Parents(Mapping[str, tuple[str, ...]]):
    """The parents of `commits`, including those outside the range; with `first_parent` only the first of
    each.

    They are read one at a time and cached: a hunt over 100,000 commits needs very few.
    """

    def __init__(self, repository: Repository, commits: Sequence[str], *, first_parent: bool) -> None:
        self._repository = repository
        self._commits = frozenset(commits)
        self._most = 1 if first_parent else None
        self._asked: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, commit: str) -> tuple[str, ...]:
        """The parents of one of `commits`."""
        if commit not in self._commits:
            raise KeyError(commit)
        if commit not in self._asked:
            self._asked[commit] = self._repository.parents(commit)[: self._most]
        return self._asked[commit]

    def __iter__(self) -> Iterator[str]:
        """The commits."""
        return iter(self._commits)

    def __len__(self) -> int:
        """The number of commits."""
        return len(self._commits)
