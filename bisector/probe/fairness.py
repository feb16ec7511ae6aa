"""Whether a run got its share of the machine, and which judgements hang on that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bisector.predicate import Contention, Ending, Good, Judgement, Predicate, Run, Untestable

WAITED = 0.1
"""Share of its time that a run may have waited for a CPU."""

STEAL = 0.05
"""Share of the CPUs' time that the hypervisor may have taken."""

PRESSURE = 0.2
"""Share of time in which some task of the machine may have waited, where the run's own is not known."""

SWITCHES = 20.0
"""Involuntary switches for each second of CPU time: a process with a CPU to itself has hardly any, one
that shares it is put aside after each slice of a few milliseconds."""

LOAD_PER_CORE = 1.5
"""Load average that a run may have had, where the machine gives no better figure; its own is part of it."""

BUSY = 0.9
"""A run whose CPU time came to this share of its wall time can hardly have waited."""

NOT_RUN = (126, 127)
"""What a shell exits with when a command cannot be executed, or is not there."""

OWN_TIMEOUT = 124
"""What timeout(1) exits with when it has ended its command."""


def why_unfair(run: Run) -> str | None:
    """Why wall time says little about this run: one clause, or None for a fair run."""
    seen = run.contention
    if seen.steal is not None and seen.steal > STEAL:
        return f"the hypervisor took {seen.steal:.0%} of the CPUs' time"
    if seen.waited is not None:
        return f"it waited for a CPU {seen.waited:.0%} of its time" if seen.waited > WAITED else None
    if seen.cpu_share is None or seen.cpu_share >= BUSY:
        return None
    sign = _sign_of_a_crowd(seen, run.user + run.system)
    return f"it got a CPU only {seen.cpu_share:.0%} of its time while {sign}" if sign else None


def _sign_of_a_crowd(seen: Contention, cpu: float) -> str | None:
    """Evidence from the whole machine, which is weaker: a test may have slept of its own accord."""
    if seen.pressure is not None:
        return f"others waited too ({seen.pressure:.0%} of it)" if seen.pressure > PRESSURE else None
    if seen.involuntary_switches is not None and seen.involuntary_switches > SWITCHES * cpu > 0:
        return f"it was put aside {seen.involuntary_switches} times"
    if seen.load is not None and seen.load > LOAD_PER_CORE * (os.cpu_count() or 1):
        return f"the load was {seen.load:.1f}"
    return None


def doubt(predicate: Predicate[Any], judgement: Judgement, runs: Sequence[Run]) -> str | None:
    """Why `judgement`, made of `runs` (the candidate's first), is not to be believed; None where it is.

    In doubt is what hangs on wall time when a run was unfair: anything said of a test that ran into a
    timeout, the hunt's or the script's own; a figure that a test which ended by itself did not print, as
    one does whose script has deadlines inside; and what a predicate `by_wall_clock` says, good excepted:
    what came in time in a crowd comes in time alone. Nor is a run in doubt that was ended by a predicate
    which leaves its waiting out of account.
    """
    if predicate.by_wall_clock:
        told = runs[0].ending is Ending.JUDGED and runs[0].contention.waited is not None
        sure = isinstance(judgement, Good) or (told and predicate.allows_for_waiting)
        late = [] if sure else runs
    else:
        missing = predicate.paired and isinstance(judgement, Untestable)
        late = [run for run in runs if _timed_out(run) or (missing and _ran(run))]
    return next((why for run in late if (why := why_unfair(run))), None)


def _timed_out(run: Run) -> bool:
    return run.ending is Ending.TIMEOUT or run.exit_code == OWN_TIMEOUT


def _ran(run: Run) -> bool:
    """Whether it ended by itself, and was there to be run."""
    return run.ending is Ending.EXITED and run.exit_code not in NOT_RUN
