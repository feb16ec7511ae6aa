"""A lock that dies with its process, as a file that is there only while it is held."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """The lock `path`, held; see `try_lock`."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    @property
    def is_whole(self) -> bool:
        """Whether the file is still there, so that nobody else can take the lock."""
        return _is_at(self._handle, self.path)

    def release(self) -> None:
        """Give the lock up and take its file away."""
        if self.is_whole:  # Another process may have locked a new file where somebody deleted ours.
            self.path.unlink(missing_ok=True)
        self.let_go()

    def release_if_last(self) -> None:
        """Give the lock up, and take its file away where nobody else holds it shared."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.release()
            return
        self.let_go()

    def let_go(self) -> None:
        """Give the lock up and leave its file."""
        os.close(self._handle)


def try_lock(path: Path, *, shared: bool = False) -> FileLock | None:
    """The lock `path` for this process, or None where another one holds it. Raises OSError.

    Several may hold it `shared` at once, and then nobody holds it alone.
    """
    return _locked(path, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


@contextmanager
def lock_held(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `path`, however long it takes to get it; its folder is made. Raises OSError."""
    lock = None
    while lock is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # Its folder was taken away just now.
            lock = _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        lock.release_if_last()


def _locked(path: Path, how: int) -> FileLock | None:
    """None where another one holds the lock, or has deleted its file while we waited for it."""
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
