"""What a hunt says whose answer is not confirmed: what is missing, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bisector.hunt.conclusion import Inconclusive
from bisector.hunt.decide.verdicts import Fails, Unknown, Verdict
from bisector.hunt.plan import Plan

_WIDEN = "`paths` leaves out where it changed: widen it, or hunt without it"


def not_confirmed(
    plan: Plan,
    commits: Sequence[str],
    probabilities: Sequence[float],
    bad: str,
    verdicts: Mapping[str, Verdict],
) -> Inconclusive:
    """`commits` are the answer, `bad` the one judged bad, `verdicts` what the confirmation says."""
    return Inconclusive(_why(plan, bad, verdicts), tuple(commits), tuple(probabilities))


def left_out(plan: Plan, last: str, bad_runs: str) -> Inconclusive:
    """No candidate is bad, and bad is: the commits that `paths` leaves out lie between."""
    return Inconclusive(
        f"commit {last[:12]}, the last one that touches `paths`, is judged good, and bad {plan.bad[:12]} is "
        f"judged bad {bad_runs}; {_WIDEN}"
    )


def paths_too_narrow(commits: Sequence[str], probabilities: Sequence[float]) -> Inconclusive:
    """Only untestable candidates are left, and commits that `paths` leaves out lie around them."""
    why = f"the commits left that touch `paths` cannot be tested, and there are others around them; {_WIDEN}"
    return Inconclusive(why, tuple(commits), tuple(probabilities))


def _why(plan: Plan, bad: str, verdicts: Mapping[str, Verdict]) -> str:
    name = bad[:12]
    failed = {commit: one for commit, one in verdicts.items() if isinstance(one, Fails)}
    for commit, verdict in failed.items():
        if commit == bad or plan.ratio is not None:
            return f"{name} is the likeliest, but built clean it is no step: {verdict.why}"
        if plan.before_good(commit):
            return (
                f"{name} is bad, and so is its parent {commit[:12]}, which good contains: an old bug of a "
                "side branch, mended on the way to good, and not what broke bad; the same command with "
                "`--first-parent` searches bad's own line of history"
            )
        if commit not in plan.every_candidate.ids and plan.paths:
            return f"{name} is bad, and so is its parent {commit[:12]} ({verdict.why}); {_WIDEN}"
        return f"{name} is the likeliest, but its parent {commit[:12]} is bad too: {verdict.why}"
    unknown = {commit: one for commit, one in verdicts.items() if isinstance(one, Unknown)}
    if bad in unknown:
        return f"{name} is the likeliest, but it could not be tested once more: {unknown[bad].why}"
    told = "; ".join(f"{commit[:12]}: {one.why}" for commit, one in unknown.items())
    return f"{name} is bad, but no commit before it could be tested, so it need not be the first ({told})"
