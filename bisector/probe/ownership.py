"""What owning a process tree means: collect it, measure it, kill it, and know whose it is."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from typing import Protocol

from bisector.errors import InfrastructureFault
from bisector.probe.proc import status_of

MARK = "BISECTOR_PROBE"
"""Environment variable that marks the processes of a run, even after bisector dies."""

KILL_PATIENCE = 10.0
"""Seconds after which a process that survives SIGKILL (it hangs in the kernel) is reported."""

_TOKEN = re.compile(r"(\d+)-(\d+)-(\d+)-(\d+)")
_runs = itertools.count()


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of a process tree so far, in seconds and bytes."""

    user: float
    system: float
    peak_memory: int | None
    oom_kills: int = 0
    at_limit: bool = False
    """Whether the tree reached the memory limit that the kernel enforces."""
    waited: float | None = None
    """Seconds in which the tree was ready to run but got no CPU; None if it is not known."""


class ProcessTree(Protocol):
    """The processes of one run, from before the first instruction to the end of the last process."""

    memory_source: str
    enforces_memory: bool
    """Whether the kernel enforces the memory limit; otherwise the caller must."""

    def join(self, pid: int) -> None:
        """Add a process that has no children yet."""

    def yield_to_others(self, nice: int) -> None:
        """Lower the tree's CPU priority, if the kernel schedules it as one group."""

    def usage(self, top: struct_rusage | None = None) -> Usage:
        """Measure the tree; `top` is the usage of the first process, once it was reaped."""

    def kill(self) -> None:
        """Kill every process and wait until none runs; raises InfrastructureFault if one survives."""

    def remove(self) -> None:
        """Release the tree's system resources; call after `kill`."""


def new_token() -> str:
    """A name for one run: owner's pid, its start time (clock ticks since boot), pid namespace, number."""
    owner = status_of(os.getpid())
    started = owner.started if owner else 0
    # Fixed length: the size of the environment affects the speed of some programs.
    return f"{os.getpid()}-{started}-{_namespace()}-{next(_runs):06}"


def is_orphaned(token: str) -> bool:
    """Whether `token` names a run of this pid namespace whose owner is dead."""
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[3]) != _namespace():
        return False
    owner = status_of(int(match[1]))
    return owner is None or owner.is_zombie or owner.started != int(match[2])


def _namespace() -> int:
    """The inode of the pid namespace; pids are meaningless in another one."""
    return Path("/proc/self/ns/pid").stat().st_ino


def unkillable(pid: int) -> InfrastructureFault:
    """The fault for a process that survives SIGKILL."""
    return InfrastructureFault(
        f"process {pid} of a test survives SIGKILL because it hangs in the kernel; "
        "inspect it with ps, and reboot the machine if it stays"
    )
