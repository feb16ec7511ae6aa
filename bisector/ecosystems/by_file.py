"""Ecosystems in which each lock file stands by itself: one `Change` for each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bisector.ecosystems.contract import (
    Bump,
    Ecosystem,
    Files,
    NotSupported,
    NotWritten,
    named,
)
from bisector.errors import EnvironmentFault


class Change:
    """What a commit does to the lock file at `path`, by its locked versions: package -> version.

    This class only tells the bumps; subclasses also write.
    """

    def __init__(self, path: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        self.path = path
        self._old, self._new = old, new
        self.names = sorted(name for name in {*old, *new} if old.get(name, "") != new.get(name, ""))

    @property
    def locked(self) -> Mapping[str, str]:
        """The versions before the change, by package."""
        return self._old

    def bumps(self) -> list[Bump]:
        """The packages that differ, by name."""
        return [replace(bump, needs=self._needs(bump.package)) for bump in self._bare()]

    def along(self, moved: Collection[str]) -> frozenset[str]:
        """These packages, and all that move along with them."""
        found = frozenset(moved)
        while more := self.drawn(found) - found:
            found |= more
        return found

    def drawn(self, moved: frozenset[str]) -> frozenset[str]:
        """The packages that must move if these do; those of one step are enough."""
        return moved

    def mixed(self, moved: frozenset[str]) -> dict[str, bytes]:
        """The files that change if these packages are moved; raises `NotWritten`."""
        raise NotSupported(f"bisector cannot write a mixed {self.path}; the bumps are {named(self._bare())}")

    def _bare(self) -> list[Bump]:
        return [
            Bump(name, self._old.get(name, ""), self._new.get(name, ""), self.path) for name in self.names
        ]

    def _needs(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(self.along({name}) - {name}))


class ByFile(Ecosystem):
    """An ecosystem whose lock files are compared one by one."""

    @abstractmethod
    def change(self, path: str, before: Files, after: Files) -> Change:
        """The change of the lock file at `path`, which both sides have; raises `LockFileFault`."""

    def bumps(self, before: Files, after: Files) -> list[Bump]:
        """The packages that differ, by path and name."""
        return [bump for change in self._changes(before, after) for bump in change.bumps()]

    def along(self, before: Files, after: Files, moved: Collection[str]) -> frozenset[str]:
        """These packages and all that `mixed` moves along with them, in any lock file."""
        changes, found = self._changes(before, after), frozenset(moved)
        while (
            more := frozenset(one for change in changes for one in change.along(found & {*change.names}))
            - found
        ):
            found |= more
        return found

    def mixed(self, before: Files, after: Files, moved: Collection[str]) -> dict[str, bytes]:
        """The files of `before`, with only these packages, and what they need, as in `after`."""
        files = dict(before)
        if not moved:
            return files
        changes = self._changes(before, after)
        there = {name for change in changes for name in change.names}
        if unknown := sorted({*moved} - there):
            raise NotWritten(
                f"{', '.join(unknown)}: not among the bumps, {', '.join(sorted(there)) or 'none'}"
            )
        all_moved = self.along(before, after, moved)
        for change in changes:
            if own := all_moved & {*change.names}:
                files |= change.mixed(own)
        return files

    _last: tuple[Files, Files, list[Change]] | None = None
    """The changes that were asked for last: one hunt asks for the same ones many times."""

    def _changes(self, before: Files, after: Files) -> list[Change]:
        if self._last is None or (self._last[0], self._last[1]) != (before, after):
            self._last = dict(before), dict(after), self._read(before, after)
        return self._last[2]

    def _read(self, before: Files, after: Files) -> list[Change]:
        paths = sorted(path for path in before if self.locks(path) and path in after)
        differ = [path for path in paths if before[path] != after[path]]
        return [self.change(path, before, after) for path in differ]


def beside(path: str, name: str) -> str:
    """The path of the file `name` in the folder of `path`."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name


def inside(path: str, files: Files) -> dict[str, bytes]:
    """The files in the folder of the lock file at `path` and below, by their paths from there."""
    start = beside(path, "")
    return {one.removeprefix(start): content for one, content in files.items() if one.startswith(start)}


def in_order(
    old: Sequence[str], new: Sequence[str], kept: Collection[str], place: Callable[[str], str] = str
) -> list[str]:
    """The `kept` ones of both lists: in the old order, each new one after the one before it in `new`.

    What has the same `place` replaces each other, and comes together.
    """
    wanted = {*kept}
    at: dict[str, list[str]] = {}
    for one in dict.fromkeys([*new, *old]):
        if one in wanted:
            at.setdefault(place(one), []).append(one)
    order = [one for one in dict.fromkeys(map(place, old)) if one in at]
    there = {*order}
    last: str | None = None
    for one in map(place, new):
        if one in at and one not in there:
            order.insert(0 if last is None else order.index(last) + 1, one)
            there.add(one)
        last = one if one in there else last
    return [one for name in order for one in at[name]]


@contextmanager
def needing(purpose: str) -> Iterator[None]:
    """Turns a missing library of the extra `ecosystems` into one sentence (`EnvironmentFault`)."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("bisector"):
            raise
        raise EnvironmentFault(
            f"{purpose} needs the Python package {error.name}; install it with "
            "pip install 'bisector[ecosystems]'"
        ) from error
