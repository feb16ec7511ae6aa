"""The state of every file in a folder, by which a later change is noticed without reading contents."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection
from pathlib import Path

Entry = tuple[int, int, int, int, int, str]
"""Mode, inode, size, mtime and ctime (nanoseconds), and the target of a symbolic link.

The ctime cannot be set, so it reveals a file whose mtime was reset. Only mode and mtime count for folders.
The ctime of a file with several hard links does not count, since it changes with the other links.
"""


def walk(
    root: Path, apart: Collection[str], *, beside: bool = False, unlock: bool = False
) -> dict[str, Entry]:
    """Everything below `root`, and with `beside` also its siblings, by path relative to `root`.

    Skips `apart` and everything below it. `unlock` makes unreadable folders readable; those that stay
    unreadable are skipped.
    """
    found: dict[str, Entry] = {".": entry_of(root)}
    pending = ["", "../"] if beside else [""]
    while pending:
        above = pending.pop()
        for entry in _listed(f"{root}/{above}", unlock=unlock):
            path = above + entry.name
            if path in apart:
                continue
            try:
                found[path] = _of(entry.stat(follow_symlinks=False), entry.path)
            except FileNotFoundError:
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{path}/")
    return found


def _listed(folder: str, *, unlock: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        if not unlock:
            return []
    except OSError:
        return []
    make_writable(Path(folder))
    return _listed(folder, unlock=False)


def entry_of(path: Path) -> Entry:
    """The state of one file, folder or link; raises `FileNotFoundError`."""
    return _of(path.lstat(), str(path))


def _of(status: os.stat_result, path: str) -> Entry:
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        return mode, 0, 0, status.st_mtime_ns, 0, ""
    link = str(Path(path).readlink()) if stat.S_ISLNK(mode) else ""
    changed = status.st_ctime_ns if status.st_nlink == 1 else 0
    return mode, status.st_ino, status.st_size, status.st_mtime_ns, changed, link


def make_writable(folder: Path) -> None:
    """Let the owner list and change a folder; does nothing where that is impossible."""
    with contextlib.suppress(OSError):
        mode = folder.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
            folder.chmod(mode | 0o700)
