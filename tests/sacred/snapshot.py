"""Everything that a user has below a folder, byte for byte, and the changes to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or link: type and permissions, contents or target, and the modification time."""

    mode: int
    content: bytes = b""
    written: int = 0


Snapshot = Mapping[bytes, Entry]


def snapshot(top: Path) -> Snapshot:
    """Each entry below `top` by its relative path. Links are not followed.

    Refs, HEAD, index, configuration, stash, reflogs, objects, hooks and worktree registrations are files of a
    git folder. So no git command is needed, which might itself write.
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
                    continue  # In a slot that is being removed. A missing file shows in `changes`.
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
    return found


def changes(before: Snapshot, after: Snapshot) -> dict[bytes, str]:
    """Missing, new and different entries, by path."""
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
