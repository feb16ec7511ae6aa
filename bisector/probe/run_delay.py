"""How long the threads of a process tree were ready to run but had no CPU, summed from samples.

For kernels without pressure stall information for control groups. The second field of
`/proc/PID/task/TID/schedstat` is the nanoseconds that a thread waited on a run queue
(https://docs.kernel.org/scheduler/sched-stats.html). What a thread waits between its last sample and its end
is not counted.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path


class RunDelay:
    """Adds up the waiting of all threads that any sample saw in the process file system."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._began = time.monotonic()
        self._seconds: dict[tuple[int, int], float] = {}
        """By process and thread."""

    def sample(self, pids: Iterable[int]) -> None:
        """Look at the threads of these processes, zombies included."""
        for pid in pids:
            for thread in _threads(self._proc / f"{pid}/task"):
                with contextlib.suppress(OSError, ValueError):
                    text = (self._proc / f"{pid}/task/{thread}/schedstat").read_text()
                    ran, waited, *_ = map(int, text.split())
                    # A kernel without these statistics may say "0 0 0" of every thread.
                    if ran or waited:
                        known = self._seconds.get((pid, thread), 0.0)
                        self._seconds[pid, thread] = max(known, waited / 1e9)

    def waited(self, cpu: float) -> float | None:
        """Seconds in which a tree that used `cpu` seconds waited; None if the kernel told of no thread.

        Threads that wait for each other are no load of others: while all CPUs work for the tree, it does not
        wait.
        """
        if not self._seconds:
            return None
        at_most = time.monotonic() - self._began - cpu / (os.cpu_count() or 1)
        return max(0.0, min(sum(self._seconds.values()), at_most))


def _threads(tasks: Path) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(entry.name) for entry in tasks.iterdir()]
    return []
