"""The interface of ecosystems (plug-ins in the entry-point group `bisector.ecosystems`).

An ecosystem reads the lock files of one package manager, before and after a commit. It tells which packages
the commit moves, writes files in which only some of them are moved, and lists the releases in between.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar, Protocol

from bisector.errors import BisectorError

Files = Mapping[str, bytes]
"""Contents of the lock files of one commit, and of the manifests that belong to them, by path."""

NO_FILES: Files = {}


class LockFileFault(BisectorError):
    """A lock file that cannot be read: damaged, or of an unknown kind."""


class NotWritten(BisectorError):
    """The files with only some of the packages moved cannot be written."""


class NotSupported(NotWritten):
    """Bisector has no way to do this in this ecosystem, for whatever packages."""


class ClientFault(BisectorError):
    """The client of an ecosystem (pip, npm) is missing, failed, or gave no usable answer."""


@dataclass(frozen=True, slots=True)
class Bump:
    """One package that a commit moves in the lock file at `path`.

    `old` is '' if the package was added, `new` is '' if it was removed. A package that is locked at several
    versions has them all, separated by commas. `needs` are the packages that move along with it, because
    neither the old nor the new versions go together otherwise.
    """

    package: str
    old: str
    new: str
    path: str
    needs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.package} {self.old or 'added'} -> {self.new or 'removed'}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client printed, and the contents of the files that it was given, as it left them."""

    output: str
    files: Files = field(default_factory=dict)


class Ask(Protocol):
    """Runs a client of an ecosystem, such as `Client`; raises `ClientFault`."""

    def __call__(self, command: Sequence[str], files: Files = NO_FILES) -> Answer:
        """Run the command in an empty folder that has only these files."""
        ...


class Ecosystem(ABC):
    """The lock files of one package manager. Methods that are not overridden say that they cannot."""

    name: ClassVar[str]

    @abstractmethod
    def lock_files(self) -> Sequence[str]:
        """Glob patterns of the names of its lock files; one with a slash also matches the folder."""

    def manifests(self) -> Sequence[str]:
        """Glob patterns of the names of files that must agree with a lock file, such as `package.json`."""
        return ()

    @abstractmethod
    def bumps(self, before: Files, after: Files) -> list[Bump]:
        """The packages that differ, by path and name.

        A lock file that only one side has is left out. Raises `LockFileFault` for a damaged one.
        """

    def along(self, before: Files, after: Files, moved: Collection[str]) -> frozenset[str]:
        """These packages and all that `mixed` moves along with them."""
        return frozenset(moved)

    def steps(self, before: Files, after: Files) -> list[frozenset[str]]:
        """All bumps in groups, each after those that it needs: moving group after group gives whole mixes.

        A group of several packages cannot be taken apart, except by moving others first.
        """
        moved: frozenset[str] = frozenset()
        found: list[frozenset[str]] = []
        for bump in sorted(self.bumps(before, after), key=lambda bump: (len(bump.needs), bump.package)):
            if bump.package not in moved:
                now = self.along(before, after, moved | {bump.package})
                found.append(now - moved)
                moved = now
        return found

    def mixed(self, before: Files, after: Files, moved: Collection[str]) -> dict[str, bytes]:
        """The files of `before`, with only these packages, and what they need, as in `after`.

        With no package moved they are the same, byte for byte. Manifests move along as far as their ranges
        for these packages; the rest of a manifest stays. Raises `NotWritten`, `LockFileFault`.
        """
        bumps = self.bumps(before, after)
        paths = ", ".join(sorted({bump.path for bump in bumps})) or ", ".join(self.lock_files())
        raise NotSupported(f"bisector cannot write a mixed {paths}; the bumps are {named(bumps)}")

    def releases(self, package: str, old: str, new: str, *, ask: Ask, files: Files = NO_FILES) -> list[str]:
        """The versions after `old` up to `new`, in order; downwards if `new` is the lower one.

        `new` itself is always the last. Pre-releases count only if an end is one. Asks the registry; `files`
        may name it. Raises `NotSupported`, `ClientFault`.
        """
        raise NotSupported(f"bisector cannot list the releases of {package} between {old} and {new}")

    def at(self, files: Files, package: str, version: str, *, ask: Ask) -> dict[str, bytes]:
        """The files with this package at this version, all else as it is.

        Asks the registry where the lock file holds more than the version. Raises `NotSupported`,
        `NotWritten`, `ClientFault`.
        """
        raise NotSupported(f"bisector cannot write {', '.join(files)} with {package} at {version}")

    def locks(self, path: str) -> bool:
        """Whether this is one of its lock files, by its name."""
        return matches(path, self.lock_files())


def matches(path: str, globs: Sequence[str]) -> bool:
    """Whether the end of this path matches one of the patterns."""
    return any(PurePosixPath(path).match(glob) for glob in globs)


def named(bumps: Sequence[Bump], most: int = 10) -> str:
    """The bumps in one line."""
    more = f" and {len(bumps) - most} more" if len(bumps) > most else ""
    return (", ".join(map(str, bumps[:most])) or "none") + more


def text_of(path: str, content: bytes) -> str:
    """The file as text; raises `LockFileFault` if it is none."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LockFileFault(
            f"{path} is not UTF-8 text (byte {error.start}); restore it, or lock again"
        ) from error
