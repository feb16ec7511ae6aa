"""Finds files that builds and tests write outside their slots, where they may affect each other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_LOOKED_INTO = 500
"""Entries that are examined per folder one level below a place."""


def written_since(since: float, environment: Mapping[str, str], own: Sequence[Path] = ()) -> list[Path]:
    """Files and folders in shared places that were written after `since` (seconds since the epoch).

    Shared places are temporary folders, the home folder and its caches, each two levels deep. Skips the
    folders `own` and names that start with "bisector". Newest first. Other programs may have written them.
    """
    found: dict[Path, float] = {}
    for place in _places(environment):
        for path in _listed(place):
            if path.name.startswith("bisector") or any(_touch(path, folder) for folder in own):
                continue
            newest = max(map(_changed, [path, *_listed(path)[:_LOOKED_INTO]]))
            if newest >= since:
                found[path] = newest
    inner = set(found) - {path.parent for path in found}
    return sorted(inner, key=lambda path: -found[path])


def _places(environment: Mapping[str, str]) -> Iterator[Path]:
    home = environment.get("HOME", "")
    caches = environment.get("XDG_CACHE_HOME") or (home and f"{home}/.cache")
    named = (environment.get("TMPDIR", ""), "/tmp", "/var/tmp", "/dev/shm", home, caches)
    yield from dict.fromkeys(Path(place) for place in named if place and Path(place).is_absolute())


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        if not folder.is_symlink():
            return list(folder.iterdir())
    return []


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_ctime
    except OSError:
        return 0.0


def _touch(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) or folder.is_relative_to(path)
