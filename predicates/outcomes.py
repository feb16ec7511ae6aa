"""What the predicates share in judging how a run ended."""

from __future__ import annotations

import contextlib
from signal import Signals
from typing import Literal

from bisector.predicate import Bad, Ending, Good, Run, Untestable

Outcome = Literal["good", "bad", "untestable"]

OWN_TIMEOUT = 124
"""What timeout(1) exits with when it has ended its command."""

KILLED = 128
"""What a shell adds to the number of the signal that killed its last command."""


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
            return f"was ended after {run.wall:.1f} s"


def _meaning(code: int | None) -> str:
    """What shells and timeout(1) mean by an exit code."""
    if code == OWN_TIMEOUT:
        return " (as the script's own `timeout` gives)"
    if code is not None and code > KILLED and (name := _name_of(code - KILLED)):
        return f" (as a shell says of {name})"
    return ""


def _name_of(signal: int) -> str:
    """The name of a signal, nothing where the system has none for it."""
    with contextlib.suppress(ValueError):
        return Signals(signal).name
    return ""
