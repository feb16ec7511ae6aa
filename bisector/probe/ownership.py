"""What it takes to own a process tree: gather it, measure it, kill it, and know whose it was."""

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
"""Environment variable by which the processes of a run are known, also after the death of bisector."""

KILL_PATIENCE = 10.0
"""Seconds after which a process that does not die of SIGKILL (it hangs in the kernel) is given up."""

_TOKEN = re.compile(r"(\d+)-(\d+)-(\d+)-(\d+)")
_runs = itertools.count()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process tree has used so far: seconds and bytes."""

    user: float
    system: float
    peak_memory: int | None
    oom_kills: int = 0
    at_limit: bool = False
    """Whether the tree reached the memory limit that the kernel holds it to."""
    waited: float | None = None
    """Seconds in which the tree could have run but got no CPU; None where the kernel does not tell."""


class ProcessTree(Protocol):
    """The processes of one run, from before their first instruction to the last one's end."""

    memory_source: str
    enforces_memory: bool
    """Whether the kernel kills at the memory limit; otherwise the caller must compare and kill."""

    def join(self, pid: int) -> None:
        """Take in a process that has no children yet."""

    def yield_to_others(self, nice: int) -> None:
        """Let others go before the tree, as far as the kernel schedules it as one."""

    def usage(self, top: struct_rusage | None = None) -> Usage:
        """Measure the tree; `top` is the first process's own account, once it has been waited for."""

    def kill(self) -> None:
        """Kill every process and wait until none runs; InfrastructureFault if one cannot be killed."""

    def remove(self) -> None:
        """Give back what the tree took of the system; after `kill`."""


def new_token() -> str:
    """A name for one run: owner's pid, owner's start time (clock ticks since boot), pid namespace, number."""
    owner = status_of(os.getpid())
    started = owner.started if owner else 0
    # Always of one length: how long the environment is changes how fast some programs run.
    return f"{os.getpid()}-{started}-{_namespace()}-{next(_runs):06}"


def is_orphaned(token: str) -> bool:
    """Whether `token` names a run of this pid namespace whose owner is dead."""
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[3]) != _namespace():
        return False
    owner = status_of(int(match[1]))
    return owner is None or owner.is_zombie or owner.started != int(match[2])


def _namespace() -> int:
    """Pids mean nothing in another pid namespace, so the owner's is part of the token."""
    return Path("/proc/self/ns/pid").stat().st_ino


def unkillable(pid: int) -> InfrastructureFault:
    """The fault of a process that SIGKILL does not end."""
    return InfrastructureFault(
        f"process {pid} of a test does not die of SIGKILL, it hangs in the kernel; "
        "look at it with ps, and restart the machine if it stays"
    )
