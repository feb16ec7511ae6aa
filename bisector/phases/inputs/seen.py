"""Splits the paths of a trace into those in the repository and those outside."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bisector.probe.dune_root import scripts_of
from bisector.probe.strace import Trace


@dataclass(frozen=True)
class Seen:
    """File accesses of a build or a test: paths relative to the repository, and absolute paths outside."""

    read: frozenset[str]
    """Tracked files and build products whose content was read."""
    listed: frozenset[str]
    """Folders that were listed; the top is `.`."""
    examined: frozenset[str]
    """Paths that were found to exist, without reading their content."""
    absent: frozenset[str]
    """Paths that were looked up but do not exist."""
    written: frozenset[str]
    outside: frozenset[str]
    executed: frozenset[str]
    """Those of `outside` that were executed."""
    calls: int
    """System calls recorded."""


def seen_in(root: Path, known: frozenset[str], trace: Trace) -> Seen:
    """The accesses in the trace of a command in the slot at `root`; `known` are its tracked and built files.

    Follows symbolic links, so the slot must still be as the command left it.
    """
    return _Inside(root, known).seen(trace)


class _Inside:
    """Tells paths of the slot from all others."""

    def __init__(self, root: Path, known: frozenset[str]) -> None:
        self._root = root
        self._roots = {str(root), str(root.resolve())}
        self._own = {str(scripts_of(top)) for top in (root, root.resolve())}
        self._known = known

    def seen(self, trace: Trace) -> Seen:
        inside = {
            name: frozenset(filter(None, map(self._relative, getattr(trace, name))))
            for name in ("listed", "examined", "absent", "written")
        }
        read = filter(None, map(self._relative, trace.read))
        return Seen(
            read=frozenset(path for one in read for path in self._files(one)),
            outside=frozenset(path for path in trace.read | trace.listed if self._is_outside(path)),
            executed=frozenset(path for path in trace.executed if self._is_outside(path)),
            calls=trace.calls,
            **inside,
        )

    def _relative(self, path: str) -> str:
        """The path relative to the slot; empty if it is outside or in `.git`."""
        if path in self._roots:
            return "."
        for root in self._roots:
            if path.startswith(f"{root}/"):
                inside = path[len(root) + 1 :]
                return "" if inside.split("/")[0] == ".git" else inside
        return ""

    def _is_outside(self, path: str) -> bool:
        """Whether a path is in `.git`, or neither in the slot, nor above it, nor bisector's own beside it."""
        return any(f"{path}/".startswith(f"{top}/.git/") for top in self._roots) or not any(
            path == top or path.startswith(f"{top}/") or f"{top}/".startswith(f"{path.rstrip('/')}/")
            for top in self._roots | self._own
        )

    def _files(self, path: str) -> Iterable[str]:
        """The files that reading `path` depends on: itself, links on the way, and their target."""
        if path in self._known:
            yield path
        parts = path.split("/")
        yield from (link for at in range(1, len(parts)) if (link := "/".join(parts[:at])) in self._known)
        real = self._relative(os.path.realpath(self._root / path))
        if real != path and real in self._known:
            yield real
