"""Pauses that are not the commit's: a machine that slept, a process or a group that somebody stopped.

What ran meanwhile, or did not, tells nothing: a test of half a second is not slow because a laptop was shut.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.probe.proc import all_processes, status_of

LONGEST = 0.5
"""Seconds that may be missing between two looks; a pause of more voids the run."""

_NOTED_EVERY = 0.1
_FROZEN = ("__refrigerator", "do_freezer_trap")
"""Where the kernel holds the processes of a frozen group: version 1, version 2."""


class Paused(InfrastructureFault):
    """A run that was interrupted from outside and says nothing of its commit; it is to be run again."""


def boot_time() -> float:
    """Seconds since the machine started, those included in which it slept (clock_gettime(2))."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def waited_for_cpu() -> float:
    """Seconds in which this thread was ready to run and had no CPU; 0 where the kernel does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


class PauseDetector:
    """Whether the thread that asks was itself at work since it last asked.

    A thread that waits for at most `expected` seconds is back after them, unless it was stopped, frozen, or
    slept with the machine. What it waited for a CPU is left out: on a crowded machine it is late without a
    pause.
    """

    def __init__(
        self,
        clock: Callable[[], float] = boot_time,
        waited: Callable[[], float] = waited_for_cpu,
    ) -> None:
        self._clock = clock
        self._waited = waited
        self._noted = (clock(), waited())
        self._seen = self._noted[0]

    def gap(self, expected: float) -> float:
        """The seconds since the last look that are missing beyond `expected`; 0 up to `LONGEST`."""
        now = self._clock()
        late, self._seen = now - self._seen - expected, now
        since, waited = self._noted
        if late > LONGEST:
            late -= self._waited() - waited
        if now - since >= _NOTED_EVERY:
            self._noted = (now, self._waited())
        return late if late > LONGEST else 0.0

    def require_none(self, expected: float) -> None:
        """Raise `Paused` where there was a gap since the last look."""
        if gap := self.gap(expected):
            raise Paused(
                f"bisector itself stood still for {gap:.1f} s while a command ran (the machine slept, or "
                "something stopped or froze it), so this run does not count"
            )

    def look(self) -> None:
        """Begin here: what was done since the last look may have taken as long as it did."""
        self._seen = self._clock()


def require_not_held(pid: int) -> None:
    """Raise `Paused` where a process is stopped or frozen."""
    if _is_held(pid):
        raise Paused(_HELD)


def require_not_all_held(root: int) -> None:
    """Raise `Paused` where nothing goes on below `root`: all that it could wait for is stopped or frozen."""
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


_HELD = "somebody stopped or froze the command while it ran, so this run does not count; let it run"


def _is_held(pid: int) -> bool:
    status = status_of(pid)
    if status is None or status.state == "T":
        return status is not None
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/wchan").read_text() in _FROZEN
    return False
