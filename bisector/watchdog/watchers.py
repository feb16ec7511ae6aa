"""Which hunts watch which files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from bisector.hunt.ground import Ground
from bisector.watchdog.scripts import scripts_of


def watching(grounds: Iterable[Ground], files: Sequence[str], commit: str) -> dict[str, list[Ground]]:
    """For each file the hunts that watch it: by their `watches`, or else by the scripts of their tests."""
    found: dict[str, list[Ground]] = {file: [] for file in files}
    for ground in grounds:
        globs = ground.hunt.watches or tuple(scripts_of(ground.repository, commit, ground.hunt.test))
        for file in files:
            if any(fnmatchcase(file, glob) for glob in globs):
                found[file].append(ground)
    return found
