"""Waiting for a calm machine, judged by what runs now.

The load average will not do: it decays over a minute, so that bisector would wait for the end of its own
last test. Here the machine is looked at for a second in which bisector itself sleeps, so that what is seen
is the doing of others (and of bisector's own probes in other slots, which disturb as much as theirs).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import fmean

from bisector.hunt_file.model import Quiet
from bisector.probe.contention import MachineState, machine_state
from bisector.probe.pause import PauseDetector
from bisector.units import format_duration

LOOKS = 10
LOOK = 0.1
"""Seconds between two of the looks that make up one sample."""

TOLD_EVERY = 60.0
"""Seconds after which it is told again that bisector waits."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def wait_for_quiet(
    quiet: Quiet,
    on_wait: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    state: Callable[[], MachineState] = machine_state,
) -> str | None:
    """Wait until load per core and pressure are at most `quiet.load_per_core`, or for `quiet.wait` seconds.

    `on_wait` is told at once that there is something to wait for, then every minute. Returns None for a
    calm machine, else a sentence that says how busy it was when the waiting was given up.
    """
    waited, told = 0.0, -TOLD_EVERY
    while (load := sample_load(clock, sleep, state)) > quiet.load_per_core:
        waited += LOOKS * LOOK  # Not by the clock, which goes on while bisector is stopped.
        busy = f"load per core {load:.2f}, {quiet.load_per_core:g} wanted"
        if waited >= quiet.wait:
            return f"the machine was still busy after {format_duration(waited)} of waiting ({busy})"
        if waited - told >= TOLD_EVERY:
            told = waited
            on_wait(f"{busy}; {format_duration(quiet.wait - waited)} left")
    return None


def sample_load(
    clock: Callable[[], float], sleep: Callable[[float], None], state: Callable[[], MachineState]
) -> float:
    """What others do for a second: the largest of three views of it.

    The share of the CPUs' time in use; the tasks that run or wait, per core (which alone goes above 1);
    the share of time in which some task waited for a CPU (pressure stall information). Time in which bisector
    itself was stopped is no time of calm.
    """
    began, states, pauses, missing = clock(), [state()], PauseDetector(clock), 0.0
    for _ in range(LOOKS):
        sleep(LOOK)
        missing += pauses.gap(LOOK)
        states.append(state())
    seconds, cores = clock() - began - missing, os.cpu_count() or 1
    used = _grown(states[0].busy, states[-1].busy) / _TICKS_PER_SECOND / cores
    stalled = _grown(states[0].stalled, states[-1].stalled)
    # Whoever looks is one of those that run.
    running = [one.runnable - 1 for one in states[1:] if one.runnable is not None]
    return max(used / seconds, stalled / seconds, fmean(running or [0]) / cores)


def _grown(before: float | None, after: float | None) -> float:
    return after - before if before is not None and after is not None else 0.0
