"""Replaces a file atomically: readers and crashes see either the old or the new content."""

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
"""Prefix of temporary files; the token of the owning process follows."""


def atomic_write(file: Path, content: bytes, *, durable: bool = True) -> None:
    """Write `content` to `file` (following symbolic links), keeping its mode and owner.

    Unless it is `durable`, the content may be lost if the machine loses power, and nothing waits for the
    disk. Raises EnvironmentFault if the file is write-protected or its folder is not writable.
    """
    target = file.resolve()
    try:
        _replace(target, content, durable=durable)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write {file}: {error.strerror or error}; fix its permissions or choose another file"
        ) from error


def _replace(target: Path, content: bytes, *, durable: bool) -> None:
    old = target.stat() if target.exists() else None
    # Renaming would succeed on a read-only file, but we respect the protection.
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
            if durable:
                os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(target.parent)


def _clear_halves(folder: Path) -> None:
    """Delete temporary files in `folder` of bisectors that were killed while writing."""
    for half in folder.glob(f"{_HALF}*.*"):
        if is_orphaned(half.name.removeprefix(_HALF).partition(".")[0]):
            with contextlib.suppress(OSError):
                half.unlink()


def _umask() -> int:
    """The umask from /proc; the system call could only read it by changing it."""
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
    """Keep other bisector processes from writing in `folder`; leaves no lock file.

    Raises EnvironmentFault if the folder cannot be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise EnvironmentFault(f"cannot open the folder {folder}: {error.strerror}; create it") from error
    try:
        # Some network file systems have no locks; the write is still atomic there.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
