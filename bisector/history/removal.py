"""Taking away what a test has left, also where it made folders that cannot be written."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from bisector.errors import InfrastructureFault


def take_away(folder: Path) -> None:
    """Remove a folder with all that is in it, or what stands in its place.

    Raises `InfrastructureFault` where that is not allowed.
    """
    if folder.is_symlink() or folder.is_file():
        with contextlib.suppress(OSError):
            folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        unlock(folder)
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise InfrastructureFault(f"{folder} cannot be removed; look what holds it, and remove it by hand")


def unlock(folder: Path) -> None:
    """Let the owner write in `folder` and each below it: a Go module cache is left without that."""
    _unlock(folder)
    for above, names, _ in os.walk(folder):
        for name in names:
            _unlock(Path(above) / name)


def _unlock(folder: Path) -> None:
    if not folder.is_symlink():
        with contextlib.suppress(OSError):
            folder.chmod(folder.stat().st_mode | 0o700)
