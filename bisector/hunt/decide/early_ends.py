"""What lets a run of a commit end early: readings of the endpoints and of good commits to compare with."""

from __future__ import annotations

from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Ending, Good
from bisector.probe.early import Endpoints
from bisector.probe.reading import Role


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
    ended = any(r.run and r.run.ending is Ending.JUDGED for r in known.of(commit, Role.SEARCH))
    return None if searching and (ended or commit == plan.bad or not bad) else Endpoints(good, bad)
