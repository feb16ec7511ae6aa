"""Endpoints that a predicate judges alike although their tests ended differently."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from signal import Signals

from bisector.hunt.conclusion import Conclusion, Inconclusive, NoRegression
from bisector.predicate import Ending, Good, Run, Untestable
from bisector.probe.reading import Reading
from bisector.units import format_seconds

_SEVERAL = 5
_SLOWER = 1.25
_LEAST = 0.01
"""Seconds by which bad must be slower."""


def with_endings(conclusion: Conclusion, good: Sequence[Reading], bad: Sequence[Reading]) -> Conclusion:
    """The conclusion; if it finds no difference, it names how the endpoints' tests ended, if they differ.

    Only if each endpoint ended in one way in all its runs: a flaky test shows nothing.
    """
    if not isinstance(conclusion, NoRegression | Inconclusive) or not _rests_on_endpoints(conclusion, bad):
        return conclusion
    at_good, at_bad = _ending_of(good), _ending_of(bad)
    if at_good is None or at_bad is None:
        return conclusion
    if _how(at_good) == _how(at_bad):
        slower = _slower(good, bad) if isinstance(conclusion, NoRegression) else ""
        return replace(conclusion, why=f"{conclusion.why}; {slower}") if slower else conclusion
    better = "no_oom" if at_bad.ending is Ending.MEMORY_LIMIT else "exit_status"
    told = f"good {_how(at_good)} and bad {_how(at_bad)}: if that is the regression, hunt it with `{better}`"
    return replace(conclusion, why=f"{conclusion.why}; {told}")


def _rests_on_endpoints(conclusion: NoRegression | Inconclusive, bad: Sequence[Reading]) -> bool:
    """Whether it is about the difference of the endpoints, or about how the bad one failed."""
    judgements = [reading.judgement for reading in bad]
    return isinstance(conclusion, NoRegression) or any(type(one) is Untestable for one in judgements)


def _slower(good: Sequence[Reading], bad: Sequence[Reading]) -> str:
    """What to do about endpoints with the same verdict if bad took longer in each of several runs."""
    if any(not isinstance(reading.judgement, Good) for reading in (*good, *bad)) or len(bad) < _SEVERAL:
        return ""
    of_good, of_bad = (min(r.run.wall for r in some if r.run) for some in (good, bad))
    if of_bad < _SLOWER * of_good or of_bad < of_good + _LEAST:
        return ""
    return (
        f"the test took at least {format_seconds(of_bad)} at bad and {format_seconds(of_good)} at good: if "
        "that is the regression, hunt it with `wall_time`"
    )


def _ending_of(readings: Sequence[Reading]) -> Run | None:
    """A run that stands for all of them; None if they ended differently, or one has no end of its own."""
    runs = [reading.run for reading in readings]
    ways = {_how(run) if run else "" for run in runs}
    if len(ways) != 1 or "" in ways:
        return None
    return runs[0]


def _how(run: Run) -> str:
    """The end of a run as the second half of a clause; empty for a run that was ended early."""
    match run.ending:
        case Ending.EXITED:
            return f"ended with exit code {run.exit_code}"
        case Ending.SIGNALLED:
            return f"was killed by signal {run.signal}{_name_of(run.signal or 0)}"
        case Ending.TIMEOUT:
            return "ran into the hunt's timeout"
        case Ending.MEMORY_LIMIT:
            return "was killed at the hunt's memory limit"
        case Ending.OUTPUT_LIMIT:
            return "printed too much"
        case _:
            return ""


def _name_of(signal: int) -> str:
    with contextlib.suppress(ValueError):
        return f" ({Signals(signal).name})"
    return ""
