"""Which changes of an overlay a commit gets: those whose conditions `when` it meets.

A commit that contains another one does not get the changes of that once more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from bisector.errors import HistoryError
from bisector.history.ancestry import between, containing, laid_out_from
from bisector.history.object_ids import object_ids
from bisector.history.repository import Repository
from bisector.hunt_file import Hunt
from bisector.hunt_file.overlay import Change, CherryPick, When


class Conditions:
    """The conditions in the overlay of `hunt`; `id_of` turns a revision into a commit id.

    Methods raise `HistoryError` if a range is empty.
    """

    def __init__(self, hunt: Hunt, repository: Repository, id_of: Callable[[str], str]) -> None:
        self._hunt = hunt
        self._overlay: Sequence[Change] = hunt.overlay
        self._repository = repository
        self._id_of = id_of
        self._met: dict[str, tuple[int, ...]] = {}
        self._between = functools.cache(self._commits_between)

    @property
    def are_none(self) -> bool:
        """Whether every commit gets all changes."""
        return all(change.when is None and not isinstance(change, CherryPick) for change in self._overlay)

    def met_by(self, commits: Sequence[str]) -> list[tuple[int, ...]]:
        """For each of `commits` the positions of the changes that it gets."""
        everywhere = tuple(range(len(self._overlay)))
        if self.are_none:
            return [everywhere for _ in commits]
        if unknown := [commit for commit in dict.fromkeys(commits) if commit not in self._met]:
            origins = laid_out_from(self._repository, unknown)
            columns = [self._column(at, unknown, origins) for at in everywhere]
            for commit, row in zip(unknown, zip(*columns, strict=True), strict=True):
                self._met[commit] = tuple(at for at in everywhere if row[at])
        return [self._met[commit] for commit in commits]

    def _column(self, at: int, commits: Sequence[str], origins: Sequence[str]) -> list[bool]:
        """For each commit whether it gets a change; `origins` are the commits of the user's history."""
        change = self._overlay[at]
        when = change.when or When.model_construct()
        met = [True for _ in commits]
        if isinstance(change, CherryPick):
            found = containing(self._repository, origins, self._id_of(change.cherry_pick))
            met = [origin not in found for origin in origins]
        if when.between:
            inside = self._between(at, *when.between)
            met = [one and origin in inside for one, origin in zip(met, origins, strict=True)]
        if when.contains:
            found = containing(self._repository, origins, self._id_of(when.contains))
            met = [one and origin in found for one, origin in zip(met, origins, strict=True)]
        if when.touches:
            ids = object_ids(self._repository, commits, [when.touches])
            met = [one and bool(own) for one, (own,) in zip(met, ids, strict=True)]
        return met

    def _commits_between(self, at: int, after: str, upto: str) -> frozenset[str]:
        found = between(self._repository, self._id_of(after), self._id_of(upto))
        if not found:
            raise HistoryError(
                f"{self._hunt.locate('overlay', at, 'when', 'between')}: overlay[{at}].when.between: "
                f"[{after}, {upto}] names no commit, since {after} contains {upto}; are they swapped?"
            )
        return found
