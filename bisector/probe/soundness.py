"""Whether it was the commit that failed: not where its slot was taken away, or a disk is full."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.worktree import Worktree

_LEAST_FREE = 16 * 1024 * 1024
_LEAST_SHARE = 16
"""On a small disk, a tmpfs say, one in so many bytes is enough."""


def require_sound(worktree: Worktree, environment: Mapping[str, str], *, failed: bool) -> None:
    """Raise `InfrastructureFault` where a command in the slot cannot have told anything of its commit.

    A disk (of the slot, or of the command's temporary files) counts as full only after a command that failed.
    """
    worktree.require_whole()
    if failed:
        _require_disk(worktree.path, "make room, or choose another `scratch`")
        _require_disk(Path(environment.get("TMPDIR", "/tmp")), "make room, or set TMPDIR in `environment`")


def _require_disk(folder: Path, mend: str) -> None:
    try:
        disk = shutil.disk_usage(folder)
    except OSError:
        return
    if disk.free < min(_LEAST_FREE, disk.total // _LEAST_SHARE):
        raise InfrastructureFault(f"the disk of {folder} is full; {mend}")
