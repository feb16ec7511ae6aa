"""Tells failures of a commit from those of the machine: a deleted slot or a full disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.worktree import Worktree

_LEAST_FREE = 16 * 1024 * 1024
_LEAST_SHARE = 16
"""On a small disk, such as a tmpfs, this fraction (1/N) free is enough."""


def require_sound(worktree: Worktree, environment: Mapping[str, str], *, failed: bool) -> None:
    """Raise `InfrastructureFault` if a command in the slot says nothing about its commit.

    The disk (of the slot, or of temporary files) is checked only after a failed command.
    """
    worktree.require_whole()
    if failed:
        _require_disk(worktree.path, "free some space or choose another `scratch`")
        temporary = Path(environment.get("TMPDIR", "/tmp"))
        _require_disk(temporary, "free some space or set TMPDIR in `environment`")


def _require_disk(folder: Path, remedy: str) -> None:
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return
    if disk.free < min(_LEAST_FREE, disk.total // _LEAST_SHARE):
        raise InfrastructureFault(f"the disk of {folder} is full; {remedy}")
