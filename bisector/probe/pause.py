"""Detects pauses that are not the commit's fault: the machine slept, or somebody stopped the processes.

A run with such a pause says nothing: closing a laptop does not make a test slow.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.probe.proc import all_processes, status_of

LONGEST = 0.5
"""Longest pause in seconds between two checks that does not void the run."""

_NOTED_EVERY = 0.1
_FROZEN = ("__refrigerator", "do_freezer_trap")
"""Kernel functions in which processes of a frozen group wait: cgroup version 1, version 2."""


class Paused(InfrastructureFault):
    """A run was paused from outside and says nothing about its commit; repeat it."""


def boot_time() -> float:
    """Seconds since boot, including time asleep (clock_gettime(2))."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def runnable_time() -> float:
    """Seconds in which this thread ran or was ready to run; CPU time alone if the kernel says no more."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        ran, waited, *_ = Path("/proc/thread-self/schedstat").read_text().split()
        return (int(ran) + int(waited)) / 1e9
    return time.thread_time()


class PauseDetector:
    """Detects whether the calling thread was paused since its last call.

    A thread that waits for at most `expected` seconds returns in time unless it was stopped or frozen, or the
    machine slept. Its own work and waiting for a CPU do not count: on a busy machine threads are late without
    a pause.
    """

    def __init__(
        self,
        clock: Callable[[], float] = boot_time,
        runnable: Callable[[], float] = runnable_time,
    ) -> None:
        self._clock = clock
        self._runnable = runnable
        self._noted = (clock(), runnable())
        self._seen = self._noted[0]

    def gap(self, expected: float) -> float:
        """The length in seconds of a pause since the last call, beyond `expected`; 0 if at most `LONGEST`."""
        now = self._clock()
        late, self._seen = now - self._seen - expected, now
        since, runnable = self._noted
        if late > LONGEST:
            late -= self._runnable() - runnable
        if now - since >= _NOTED_EVERY:
            self._noted = (now, self._runnable())
        return late if late > LONGEST else 0.0

    def require_none(self, expected: float) -> None:
        """Raise `Paused` if there was a gap since the last call."""
        if gap := self.gap(expected):
            raise Paused(
                f"bisector was paused for {gap:.1f} s while a command ran (the machine slept, or "
                "something stopped or froze bisector), so this run does not count"
            )

    def look(self) -> None:
        """Restart the measurement: time since the last call is not a pause."""
        self._seen = self._clock()


def require_not_held(pid: int) -> None:
    """Raise `Paused` if a process is stopped or frozen."""
    if _is_held(pid):
        raise Paused(_HELD)


def require_not_all_held(root: int) -> None:
    """Raise `Paused` if all leaf processes below `root` are stopped or frozen."""
    living = {pid: process for pid, process in all_processes().items() if not process.is_zombie}
    children: dict[int, list[int]] = {}
    for pid, process in living.items():
        children.setdefault(process.parent, []).append(pid)
    waiting, leaves = [root], []
    while waiting:
        below = children.get(pid := waiting.pop(), [])
        waiting += below
        leaves += [] if below else [pid]
    if all(_is_held(pid) for pid in leaves):
        raise Paused(_HELD)


_HELD = "something stopped or froze the command while it ran, so this run does not count; let it run"


def _is_held(pid: int) -> bool:
    status = status_of(pid)
    if status is None or status.state == "T":
        return status is not None
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/wchan").read_text() in _FROZEN
    return False
