"""What the predicates share in judging how a run ended."""

from __future__ import annotations

from typing import Literal

from bisector.predicate import Bad, Ending, Good, Run, Untestable

Outcome = Literal["good", "bad", "untestable"]


def outcome(kind: Outcome, why: str) -> Good | Bad | Untestable:
    """The judgement that an option names."""
    if kind == "good":
        return Good(why)
    return Bad(why) if kind == "bad" else Untestable(why)


def how_it_ended(run: Run) -> str:
    """The end of a run as the second half of a sentence: "the test ..."."""
    match run.ending:
        case Ending.EXITED:
            return f"ended with exit code {run.exit_code} after {run.wall:.1f} s"
        case Ending.SIGNALLED:
            return f"was killed by signal {run.signal} after {run.wall:.1f} s"
        case Ending.TIMEOUT:
            return f"did not finish within {run.wall:.0f} s, the hunt's timeout"
        case Ending.MEMORY_LIMIT:
            return f"was killed at the hunt's memory limit after {run.wall:.1f} s"
        case Ending.OUTPUT_LIMIT:
            return f"was stopped after {run.wall:.1f} s because it printed too much"
        case _:
            return f"was ended after {run.wall:.1f} s"
