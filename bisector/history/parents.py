"""Whose children commits are, asked of git when it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bisector.history.repository import Repository


class Parents(Mapping[str, tuple[str, ...]]):
    """The parents of `commits`, those outside of a range too; with `first_parent` only the first of each.

    They are asked for one by one, as a hunt over 100,000 commits wants those of very few.
    """

    def __init__(self, repository: Repository, commits: Sequence[str], *, first_parent: bool) -> None:
        self._repository = repository
        self._commits = frozenset(commits)
        self._most = 1 if first_parent else None

    def __getitem__(self, commit: str) -> tuple[str, ...]:
        """The parents of one of `commits`."""
        if commit not in self._commits:
            raise KeyError(commit)
        return self._repository.parents(commit)[: self._most]

    def __iter__(self) -> Iterator[str]:
        """The commits."""
        return iter(self._commits)

    def __len__(self) -> int:
        """How many commits there are."""
        return len(self._commits)
