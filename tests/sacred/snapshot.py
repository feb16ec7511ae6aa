"""All that a user has below a folder, byte for byte, and what of it has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or link: type and permissions, content or target, and the time of writing."""

    mode: int
    content: bytes = b""
    written: int = 0


Snapshot = Mapping[bytes, Entry]


def snapshot(top: Path) -> Snapshot:
    """Each entry below `top` by its path from there; links are not followed.

    Refs, HEAD, index, configuration, stash, reflogs, objects, hooks and registrations of worktrees are files
    of a git folder, so they need no questions to git, which might itself write.
    """
    folder = bytes(top)
    found = {}
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                try:
                    found[entry.path[len(folder) + 1 :]] = _entry(entry)
                except FileNotFoundError:
                    continue  # Of a slot that goes just now; what is the user's would be missed below.
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
    return found


def changes(before: Snapshot, after: Snapshot) -> dict[bytes, str]:
    """What is gone, new or other, by path."""
    told = dict.fromkeys(before.keys() - after.keys(), "gone")
    told |= dict.fromkeys(after.keys() - before.keys(), "new")
    return told | {path: "other" for path in before.keys() & after.keys() if before[path] != after[path]}


def _entry(entry: os.DirEntry[bytes]) -> Entry:
    about = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(about.st_mode):
        return Entry(about.st_mode, os.readlink(entry.path), about.st_mtime_ns)  # noqa: PTH115 - a path of bytes
    if not stat.S_ISREG(about.st_mode):
        return Entry(about.st_mode, b"", about.st_mtime_ns)
    with open(entry.path, "rb") as file:  # noqa: PTH123
        return Entry(about.st_mode, file.read(), about.st_mtime_ns)
