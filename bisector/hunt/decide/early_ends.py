"""What lets a run of a commit end early: readings of the endpoints and of good commits to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bisector.hunt.decide.premise import measured
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Ending, Good
from bisector.probe.early import Endpoints, sure_from, were_ended_early
from bisector.probe.reading import Reading, Role

_WHOLE = 10.0
"""Seconds that one run of the answer may take to be measured, however short the hunt was."""
_SHARE = 0.5
"""Like `_WHOLE`, as a share of the time of all test runs so far. Those of a hunt that tests 7 commits take 25
times as long as one of good: a ratio of up to 12 is measured, and takes half as long as the hunt at most."""


def endpoints_for(plan: Plan, known: Known, commit: str, role: Role, *, presumes: bool) -> Endpoints | None:
    """What a run of this commit is compared with while it runs; None if it must run to its own end.

    A second run in the search is never ended early: it must give a value, and with only a verdict it would
    be requested again. `presumes`: whether verdicts of runs ended half way to a limit count.
    """
    if commit in plan.good or role is Role.MERGE_BASE:
        return None
    searching = role is Role.SEARCH
    good, bad = (tuple(known.of(c, Role.PREMISE)) for c in (plan.good[0], plan.bad))
    if plan.ratio is None:
        allowed = searching and presumes and not plan.to_the_end
        if not allowed or commit == plan.bad or known.of(commit, Role.SEARCH):
            return None
        return Endpoints(tuple(r for r in known.readings if isinstance(r.judgement, Good)), bad)
    if plan.repeats.whole and not searching:
        return None
    if role is Role.PREMISE:
        return Endpoints(good, ()) if not bad else None
    if role is Role.CONFIRMATION:
        return _of_answer(Endpoints(good, bad), known, commit)
    ended = any(r.run and r.run.ending is Ending.JUDGED for r in known.of(commit, Role.SEARCH))
    return None if searching and (ended or commit == plan.bad or not bad) else Endpoints(good, bad)


def _of_answer(ends: Endpoints, known: Known, commit: str) -> Endpoints | None:
    """What pairs of the answer with its parents are compared with.

    If bad was never measured, the first pair may go on for a while, to measure the ratio. If it shows that
    the answer is less bad than its runs seemed while they ran, all others run to their end.
    """
    if not were_ended_early(ends.bad):
        return ends
    pairs = known.of(commit, Role.CONFIRMATION)
    if any(ratio < sure_from(ends.good, ends.bad) for ratio in measured(pairs)):
        return None
    return ends if pairs else replace(ends, measured_for=max(_WHOLE, _SHARE * _seconds(known.readings)))


def _seconds(readings: Sequence[Reading]) -> float:
    """Wall time of the runs of these readings."""
    return sum(run.wall for one in readings for run in (one.run, one.reference) if run)
