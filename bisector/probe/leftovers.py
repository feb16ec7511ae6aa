"""Finds and kills processes left by a bisector that was killed (kill -9), and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal

from bisector.probe.cgroup import kill_groups, remove_groups
from bisector.probe.hierarchies import PREFIX, Hierarchies, detect
from bisector.probe.ownership import MARK, is_orphaned
from bisector.probe.proc import with_environment
from bisector.probe.temporary import remove_orphaned


def clean_leftovers(hierarchies: Hierarchies | None = None) -> int:
    """Kill processes of runs whose bisector is dead; remove their control groups and temporary folders.

    Returns the number of groups and processes found. Raises InfrastructureFault if one cannot be killed. Safe
    to call while other bisectors run.
    """
    found = 0
    for folder in (hierarchies or detect()).folders:
        groups = [
            group
            for group in folder.glob(f"{PREFIX}*")
            if group.is_dir() and is_orphaned(group.name.removeprefix(PREFIX))
        ]
        kill_groups(groups)
        remove_groups(groups)
        found += len(groups)
    for pid, token in with_environment(MARK):
        if is_orphaned(token):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                found += 1
    remove_orphaned()
    return found
