"""Removes files that a test left, including read-only folders."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from bisector.errors import InfrastructureFault

_WAITS = (0.0, 0.1, 0.4, 1.5)
"""Seconds before each new attempt: a process that was just killed may have children that still write here."""


def take_away(folder: Path) -> None:
    """Remove a folder and its contents, or a file or link in its place.

    Raises `InfrastructureFault` if several attempts fail.
    """
    if folder.is_symlink() or folder.is_file():
        with contextlib.suppress(OSError):
            folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    for wait in _WAITS:
        if not folder.exists():
            return
        time.sleep(wait)
        unlock(folder)
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise InfrastructureFault(f"cannot remove {folder}; check what uses it, then remove it by hand")


def unlock(folder: Path) -> None:
    """Make `folder` and all folders below it writable for the owner; a Go module cache is not."""
    _unlock(folder)
    for above, names, _ in os.walk(folder):
        for name in names:
            _unlock(Path(above) / name)


def _unlock(folder: Path) -> None:
    if not folder.is_symlink():
        with contextlib.suppress(OSError):
            folder.chmod(folder.stat().st_mode | 0o700)
