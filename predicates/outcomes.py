"""Shared helpers of the predicates: judgements from how a run ended."""

from __future__ import annotations

import contextlib
from signal import Signals
from typing import Literal

from bisector.predicate import Bad, Ending, Good, Run, Untestable

Outcome = Literal["good", "bad", "untestable"]

OWN_TIMEOUT = 124
"""Exit code of timeout(1) after it stopped its command."""

KILLED = 128
"""A shell's exit code is this plus the number of the signal that killed its last command."""


def outcome(kind: Outcome, why: str) -> Good | Bad | Untestable:
    """The judgement that an option names."""
    if kind == "good":
        return Good(why)
    return Bad(why) if kind == "bad" else Untestable(why)


def how_it_ended(run: Run) -> str:
    """The end of a run as the second half of a sentence: "the test ..."."""
    match run.ending:
        case Ending.EXITED:
            return f"ended with exit code {run.exit_code}{_meaning(run.exit_code)} after {run.wall:.1f} s"
        case Ending.SIGNALLED:
            name = _name_of(run.signal or 0)
            return f"was killed by signal {run.signal}{name and f' ({name})'} after {run.wall:.1f} s"
        case Ending.TIMEOUT:
            return f"did not finish within {run.wall:.0f} s, the hunt's timeout"
        case Ending.MEMORY_LIMIT:
            return f"was killed at the hunt's memory limit after {run.wall:.1f} s"
        case Ending.OUTPUT_LIMIT:
            return f"was stopped after {run.wall:.1f} s because it printed too much"
        case _:
            return f"was stopped after {run.wall:.1f} s"


def _meaning(code: int | None) -> str:
    """What an exit code of shells and timeout(1) means."""
    if code == OWN_TIMEOUT:
        return " (what `timeout` in a script returns)"
    if code is not None and code > KILLED and (name := _name_of(code - KILLED)):
        return f" (what a shell returns for {name})"
    return ""


def _name_of(signal: int) -> str:
    """The name of a signal; empty if the system has none for it."""
    with contextlib.suppress(ValueError):
        return Signals(signal).name
    return ""
