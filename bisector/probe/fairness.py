"""Whether a run got its share of the machine, and which judgements depend on that."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

from bisector.predicate import Contention, Ending, Good, Judgement, Predicate, Run, Untestable

WAITED = 0.1
"""Largest share of its time that a fair run waits for a CPU."""

LEAST_WAIT = 0.05
"""Seconds of waiting that change nothing: a run of a few milliseconds soon waits for a tenth of its time."""

STEAL = 0.05
"""Largest share of the CPUs' time that the hypervisor takes during a fair run."""

PRESSURE = 0.2
"""Largest share of time in which some task waits, if the run's own waiting is not measured."""

SWITCHES = 20.0
"""Involuntary switches per second of CPU time: a process that has a CPU to itself has hardly any, one
that shares it is preempted after each slice of a few milliseconds."""

LOAD_PER_CORE = 1.5
"""Largest load average per core (own load included) of a fair run, if there is no better figure."""

STRETCH = 3.0
"""A timeout counts the time in which the test had a CPU; its run may take this many times as long in all."""

SHORTEST_DEADLINE = 1.0
"""Seconds: deadlines inside scripts are hardly shorter, so none of them cut off a quicker run."""

BUSY = 0.9
"""A run with at least this ratio of CPU time to wall time hardly waited."""

NOT_RUN = (126, 127)
"""Exit codes of a shell for a command that cannot be executed or is not found."""

OWN_TIMEOUT = 124
"""Exit code of timeout(1) after it kills its command."""

_MOST_LOST = 0.95
"""A run that lost more than this share of its time tells hardly anything."""

_KILLED = 128
"""A shell's exit code is this plus the number of the signal that killed its last command."""


def why_unfair(run: Run) -> str | None:
    """Why the wall time of this run is unreliable, as one clause; None for a fair run."""
    seen = run.contention
    if seen.steal is not None and seen.steal > STEAL:
        return f"the hypervisor took {seen.steal:.0%} of the CPUs' time"
    if seen.waited is not None:
        long = seen.waited > WAITED and seen.waited * run.wall > LEAST_WAIT
        return f"it waited for a CPU {seen.waited:.0%} of its time" if long else None
    if seen.cpu_share is None or seen.cpu_share >= BUSY:
        return None
    sign = _sign_of_a_crowd(seen, run.user + run.system)
    return f"it had a CPU for only {seen.cpu_share:.0%} of its time while {sign}" if sign else None


def _sign_of_a_crowd(seen: Contention, cpu: float) -> str | None:
    """Evidence of load from the whole machine. It is weaker: the test itself may have slept."""
    if seen.pressure is not None:
        return f"others waited too ({seen.pressure:.0%} of it)" if seen.pressure > PRESSURE else None
    if seen.involuntary_switches is not None and seen.involuntary_switches > SWITCHES * cpu > 0:
        return f"it was preempted {seen.involuntary_switches} times"
    if seen.load is not None and seen.load > LOAD_PER_CORE * (os.cpu_count() or 1):
        return f"the load was {seen.load:.1f}"
    return None


def stretch(run: Run) -> float:
    """The largest factor (as a logarithm) by which load may have made the run longer without being measured.

    0 if the machine measures how long the run waited, and the hypervisor took nothing.
    """
    lost = 1 - (1 - _waited_at_most(run.contention, run.user + run.system)) * (1 - _stolen(run.contention))
    return -math.log1p(-min(lost, _MOST_LOST))


def _waited_at_most(seen: Contention, cpu: float) -> float:
    """The largest share of its time that a run may have waited for a CPU, if that was not measured.

    While it waited, others had all CPUs and it had none. One that had a CPU for nearly all of its time hardly
    waited, unless it has several threads and was preempted.
    """
    if seen.waited is not None or seen.cpu_share is None:
        return 0.0
    cores = os.cpu_count() or 1
    idle = 1 - seen.cpu_share
    if seen.cpu_share >= BUSY:
        idle = 1 - seen.cpu_share / cores if (seen.involuntary_switches or 0) > SWITCHES * cpu else 0.0
    by_load = None if seen.load is None else (seen.load - seen.cpu_share) / cores
    known = [share for share in (seen.others, seen.pressure) if share is not None]
    crowded = min(known) if known else by_load or 0.0
    return max(0.0, min(idle, crowded, 1.0))


def _stolen(seen: Contention) -> float:
    """The share of the time in which CPUs were wanted that the hypervisor took."""
    if not seen.steal or seen.others is None or seen.cpu_share is None:
        return 0.0
    return min(1.0, seen.steal / (seen.others + seen.cpu_share / (os.cpu_count() or 1)))


def doubt(predicate: Predicate[Any], judgement: Judgement, runs: Sequence[Run]) -> str | None:
    """Why `judgement` on `runs` (the candidate's first) is unreliable; None if it is reliable.

    A judgement is in doubt if waiting for a CPU may have decided it. That covers any judgement on a test that
    hit a timeout, the script's own or (if it did not have a CPU for that long) the hunt's; a measurement
    missing from the output of a test that exited by itself after a while, since its script may have deadlines
    inside; and any verdict of a predicate `by_wall_clock` except good, since a test that is fast enough under
    load is fast enough without. Not in doubt are a run stopped early by a predicate that discounts waiting,
    one that failed by itself or ended at once if the predicate believes failures, and a ratio: load only
    widens its spread.
    """
    if predicate.by_wall_clock and not predicate.paired:
        told = runs[0].ending is Ending.JUDGED and runs[0].contention.waited is not None
        sure = isinstance(judgement, Good) or (told and predicate.allows_for_waiting)
        sure |= predicate.believes_failures and (_failed(runs[0]) or _was_short(runs[0]))
        late = [] if sure else runs
    else:
        late = [run for run in runs if _timed_out(run)]
        if predicate.paired and isinstance(judgement, Untestable):
            late += [run for run in _without_figure(predicate, runs) if _may_be_cut_off(predicate, run)]
    return next((why for run in late if (why := why_unfair(run))), None)


def _without_figure(predicate: Predicate[Any], runs: Sequence[Run]) -> Sequence[Run]:
    """Those of an untestable pair that may lack a figure: not a reference that has one."""
    candidate, *reference = runs
    return [candidate, *(run for run in reference if isinstance(predicate.judge(run, run), Untestable))]


def _may_be_cut_off(predicate: Predicate[Any], run: Run) -> bool:
    """Whether a deadline inside the test may have kept it from printing its figure."""
    return _ran(run) and not _was_short(run) and not (predicate.believes_failures and _failed(run))


def _timed_out(run: Run) -> bool:
    """Whether it hit a timeout before it had a CPU for that long, as far as the machine tells."""
    if run.ending is Ending.TIMEOUT:
        waited = run.contention.waited
        return waited is None or waited > 1 - 1 / STRETCH - WAITED
    return run.exit_code == OWN_TIMEOUT


def _failed(run: Run) -> bool:
    """Whether it ended by itself with an exit code that stands for no deadline and no signal."""
    return run.ending is Ending.EXITED and 0 < (run.exit_code or 0) < _KILLED and not _timed_out(run)


def _was_short(run: Run) -> bool:
    """Whether it exited by itself before any deadline in its script is likely to have struck."""
    return run.ending is Ending.EXITED and run.wall < SHORTEST_DEADLINE and not _timed_out(run)


def _ran(run: Run) -> bool:
    """Whether it ended by itself and its command could be run."""
    return run.ending is Ending.EXITED and run.exit_code not in NOT_RUN
