"""A lock that ends with its process; its file exists only while the lock is held."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """A held lock on `path`; see `try_lock`."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    @property
    def is_whole(self) -> bool:
        """Whether the lock file still exists, so that nobody else can take the lock."""
        return _is_at(self._handle, self.path)

    def release(self) -> None:
        """Release the lock and delete its file."""
        if self.is_whole:  # If our file was deleted, another process may hold a new one.
            self.path.unlink(missing_ok=True)
        self.let_go()

    def release_if_last(self) -> None:
        """Release the lock, and delete its file if nobody else shares the lock."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.release()
            return
        self.let_go()

    def let_go(self) -> None:
        """Release the lock but keep its file."""
        os.close(self._handle)


def try_lock(path: Path, *, shared: bool = False) -> FileLock | None:
    """Take the lock `path`; None if another process holds it. Raises OSError.

    Several holders can share a lock with `shared`; an exclusive holder excludes all others.
    """
    return _locked(path, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


@contextmanager
def lock_held(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `path`, waiting as long as necessary; creates its folder. Raises OSError."""
    lock = None
    while lock is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # The folder was just deleted.
            lock = _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        lock.release_if_last()


def _locked(path: Path, how: int) -> FileLock | None:
    """None if another process holds the lock, or deleted its file while we waited."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, how)
        if _is_at(handle, path):
            return FileLock(path, handle)
    except BlockingIOError:
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False
