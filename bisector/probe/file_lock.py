"""A lock that dies with its process, as a file that is there only while it is held."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FileLock:
    """The lock `path`, held; see `try_lock`."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    def release(self) -> None:
        """Give the lock up and take its file away."""
        self.path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Give the lock up and leave its file."""
        os.close(self._handle)


def try_lock(path: Path) -> FileLock | None:
    """The lock `path` for this process, or None where another one holds it. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The holder before us may have unlinked the file between our open and our lock.
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            return FileLock(path, handle)
    except BlockingIOError:
        pass
    os.close(handle)
    return None
