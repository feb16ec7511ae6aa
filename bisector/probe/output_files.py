"""The files that a build creates."""

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
    """An output contains something other than files, folders and symbolic links: `named` says what."""

    def __init__(self, named: str) -> None:
        super().__init__(
            f"the build creates {named}, which cannot be stored; declare `outputs` that do not contain it"
        )
        self.named = named


def files_of(slot: Path, outputs: Sequence[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """The files, folders and symbolic links of `outputs`; folders come before their contents.

    Yields each once, with its status, under its real path if a link leads to the output; follows no other
    links. Files without read permission are readable while they are yielded. Raises FileNotFoundError if an
    output is missing, `CannotBeKept` for a FIFO, a socket or a device.
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
        raise CannotBeKept(f"{path.relative_to(slot)}, {kind}")
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
    """Temporarily let the owner read a file, or list and change a folder."""
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
    """Remove a file, a link or a folder, if it exists.

    Raises OSError and `InfrastructureFault` if that is not permitted.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            take_away(path)
        else:
            with opened_to_owner(path.parent):
                path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return
