"""The files that a build makes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bisector.history.removal import take_away

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class CannotBeKept(Exception):
    """An output holds what is no file, folder or symbolic link; the text says so in one sentence."""


def files_of(slot: Path, outputs: Sequence[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """The files, folders and symbolic links of `outputs`, folders before what is in them.

    Each comes once, with its status, by its own place where a link leads to an output; no other link is
    followed. What the owner may not read can be read while its path is at hand. Raises FileNotFoundError
    where an output is not there, `CannotBeKept` for a FIFO, a socket or a device.
    """
    seen: set[Path] = set()
    for output in sorted(outputs):
        target = slot / output
        place = slot / os.path.relpath(target.parent.resolve() / target.name, slot.resolve())
        for path, status in _below(slot, place):
            if path not in seen:
                seen.add(path)
                yield path, status


def _below(slot: Path, path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    status = path.lstat()
    if kind := _KINDS.get(stat.S_IFMT(status.st_mode)):
        raise CannotBeKept(
            f"the build makes {path.relative_to(slot)}, {kind}, which cannot be kept; "
            "name `outputs` that do not hold it"
        )
    if path.is_symlink():
        yield path, status
        return
    with opened_to_owner(path):
        yield path, status
        if path.is_dir():
            for below in sorted(path.iterdir()):
                yield from _below(slot, below)


@contextmanager
def opened_to_owner(path: Path) -> Iterator[None]:
    """Let the owner read a file, or list and change a folder, inside of this; its mode is put back."""
    mode = path.lstat().st_mode
    wanted = 0o700 if stat.S_ISDIR(mode) else 0o400
    if mode & wanted == wanted:
        yield
        return
    path.chmod(stat.S_IMODE(mode) | wanted)
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(stat.S_IMODE(mode))


def remove(path: Path) -> None:
    """Take a file, a link or a folder away, if it is there.

    Raises OSError and `InfrastructureFault` where that is not allowed.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            take_away(path)
        else:
            with opened_to_owner(path.parent):
                path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return
