"""Finds the ecosystem of a lock file by its name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bisector.ecosystems.contract import Bump, Ecosystem, Files, LockFileFault, matches
from bisector.probe.discovery import PlugIns

ECOSYSTEMS: PlugIns[Ecosystem] = PlugIns("bisector.ecosystems", "ecosystem", Ecosystem)


@cache
def shipped_ecosystems() -> tuple[Ecosystem, ...]:
    """All ecosystems , also of installed packages; raises `UsageError` for one that cannot be loaded."""
    return tuple(kind() for kind in ECOSYSTEMS.shipped().values())


def ecosystem_named(name: str) -> Ecosystem:
    """The ecosystem of this name; raises `UsageError` if there is none."""
    return ECOSYSTEMS.find(name, Path())()


def ecosystem_of(path: str) -> Ecosystem | None:
    """The ecosystem whose lock file this is, by its name; None for any other file."""
    return next((one for one in shipped_ecosystems() if one.locks(path)), None)


def is_read(path: str) -> bool:
    """Whether an ecosystem reads this file: a lock file, or a manifest that must agree with one."""
    return any(one.locks(path) or matches(path, one.manifests()) for one in shipped_ecosystems())


def ecosystems_in(paths: Iterable[str]) -> list[Ecosystem]:
    """The ecosystems that have a lock file among these."""
    there = list(paths)
    return [one for one in shipped_ecosystems() if any(map(one.locks, there))]


def bumps_between(before: Files, after: Files) -> list[Bump]:
    """The packages that differ, of all ecosystems; by path and name.

    Raises `LockFileFault` if a lock file is damaged, or if none is of a kind that an ecosystem knows.
    """
    paths = sorted({*before, *after})
    found = ecosystems_in(paths)
    if not found:
        known = ", ".join(glob for one in shipped_ecosystems() for glob in one.lock_files())
        raise LockFileFault(
            f"no lock file that bisector knows among {', '.join(paths) or 'no files'}; it knows {known}"
        )
    bumps = [bump for one in found for bump in one.bumps(before, after)]
    return sorted(bumps, key=lambda bump: (bump.path, bump.package))
