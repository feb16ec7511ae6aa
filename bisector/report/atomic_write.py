"""Replacing a file as a whole: a reader, or a crash, sees the old content or the new one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.probe.ownership import is_orphaned, new_token

_HALF = ".bisector."
"""Begins the name of a file that is being written; then comes whose it is."""


def atomic_write(file: Path, content: bytes) -> None:
    """Put `content` into `file` (symbolic links are followed), keeping its mode and owner.

    Raises EnvironmentFault where the file is write-protected or its folder cannot be written.
    """
    target = file.resolve()
    try:
        _replace(target, content)
    except OSError as error:
        raise EnvironmentFault(
            f"{file} cannot be written: {error.strerror or error}; mend the permissions or name another file"
        ) from error


def _replace(target: Path, content: bytes) -> None:
    old = target.stat() if target.exists() else None
    # Renaming over a read-only file would succeed, and the protection is there for a reason.
    if old and not (old.st_mode & 0o222 and os.access(target, os.W_OK)):
        raise PermissionError(0, "it is write-protected")
    _clear_halves(target.parent)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{_HALF}{new_token()}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            if old:
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), old.st_uid, old.st_gid)
            os.fchmod(stream.fileno(), old.st_mode & 0o7777 if old else 0o666 & ~_umask())
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _clear_halves(folder: Path) -> None:
    """Take away what bisectors that were killed while they wrote left in `folder`."""
    for half in folder.glob(f"{_HALF}*.*"):
        if is_orphaned(half.name.removeprefix(_HALF).partition(".")[0]):
            with contextlib.suppress(OSError):
                half.unlink()


def _umask() -> int:
    """The umask, read from /proc: asking the kernel for it means setting it for a moment."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o022


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Keep other bisector processes from changing files of `folder` meanwhile; leaves no lock file.

    Raises EnvironmentFault where there is no such folder.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise EnvironmentFault(f"the folder {folder} cannot be opened: {error.strerror}; make it") from error
    try:
        # Some network file systems have no locks; the write is atomic there all the same.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
