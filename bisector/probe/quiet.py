"""Waits for a quiet machine, judged by what runs now.

The load average does not work: it decays over a minute, so bisector would wait for the load of its own last
test. Instead, bisector samples the machine for a second while it sleeps, and so sees only the load of others
(and of its own probes in other slots, which disturb just as much).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import fmean

from bisector.hunt_file.machine import Quiet
from bisector.probe.contention import MachineState, machine_state
from bisector.probe.pause import PauseDetector
from bisector.units import format_duration

LOOKS = 10
LOOK = 0.1
"""Seconds between the checks that make up one sample."""

TOLD_EVERY = 60.0
"""Seconds between reports that bisector still waits."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def wait_for_quiet(
    quiet: Quiet,
    on_wait: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    state: Callable[[], MachineState] = machine_state,
) -> str | None:
    """Wait until the load is at most `quiet.load_per_core`, or for `quiet.wait` seconds.

    `on_wait` is called when waiting starts, then every minute. Returns None for a quiet machine, else a
    sentence that says how busy it still was.
    """
    waited, told = 0.0, -TOLD_EVERY
    while (load := sample_load(clock, sleep, state)) > quiet.load_per_core:
        waited += LOOKS * LOOK  # Not by the clock, which continues while bisector is stopped.
        busy = f"load per core {load:.2f}, {quiet.load_per_core:g} wanted"
        if waited >= quiet.wait:
            return f"the machine was still busy after waiting for {format_duration(waited)} ({busy})"
        if waited - told >= TOLD_EVERY:
            told = waited
            on_wait(f"{busy}; {format_duration(quiet.wait - waited)} left")
    return None


def sample_load(
    clock: Callable[[], float], sleep: Callable[[float], None], state: Callable[[], MachineState]
) -> float:
    """The load of others during one second: the largest of three figures.

    They are the share of CPU time in use; the tasks that run or wait, per core (the only one that exceeds 1);
    and the share of time in which some task waited for a CPU (pressure stall information). Time in which
    bisector itself was stopped does not count.
    """
    began, states, pauses, missing = clock(), [state()], PauseDetector(clock), 0.0
    for _ in range(LOOKS):
        sleep(LOOK)
        missing += pauses.gap(LOOK)
        states.append(state())
    seconds, cores = clock() - began - missing, os.cpu_count() or 1
    used = _grown(states[0].busy, states[-1].busy) / _TICKS_PER_SECOND / cores
    stalled = _grown(states[0].stalled, states[-1].stalled)
    # This process itself is runnable.
    running = [one.runnable - 1 for one in states[1:] if one.runnable is not None]
    return max(used / seconds, stalled / seconds, fmean(running or [0]) / cores)


def _grown(before: float | None, after: float | None) -> float:
    return after - before if before is not None and after is not None else 0.0
