"""Messages for an answer that is not confirmed: what is missing, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bisector.hunt.conclusion import Inconclusive
from bisector.hunt.decide.verdicts import Fails, Unknown, Verdict
from bisector.hunt.plan import Plan

_WIDEN = "`paths` may exclude the change: widen it or remove it"


def not_confirmed(
    plan: Plan,
    commits: Sequence[str],
    probabilities: Sequence[float],
    bad: str,
    verdicts: Mapping[str, Verdict],
) -> Inconclusive:
    """`commits` are the answer, `bad` is the commit judged bad, `verdicts` those of the confirmation."""
    return Inconclusive(_why(plan, bad, verdicts), tuple(commits), tuple(probabilities))


def left_out(plan: Plan, last: str, bad_runs: str) -> Inconclusive:
    """No candidate is bad but the bad endpoint is: the first bad commit is one that `paths` excludes."""
    return Inconclusive(
        f"commit {last[:12]}, the last one that touches `paths`, is judged good, but bad {plan.bad[:12]} is "
        f"judged bad {bad_runs}; {_WIDEN}"
    )


def paths_too_narrow(commits: Sequence[str], probabilities: Sequence[float]) -> Inconclusive:
    """Only untestable candidates are left, next to commits that `paths` excludes."""
    why = f"the remaining commits that touch `paths` cannot be tested, but others are next to them; {_WIDEN}"
    return Inconclusive(why, tuple(commits), tuple(probabilities))


def _why(plan: Plan, bad: str, verdicts: Mapping[str, Verdict]) -> str:
    name = bad[:12]
    failed = {commit: one for commit, one in verdicts.items() if isinstance(one, Fails)}
    for commit, verdict in failed.items():
        if commit == bad or plan.ratio is not None:
            return f"{name} is the likeliest answer, but a clean build shows no step: {verdict.why}"
        if plan.before_good(commit):
            return (
                f"{name} is bad, and so is its parent {commit[:12]}, an ancestor of good: this is an old bug "
                "of a side branch, fixed before good, not the one that broke bad; run again with "
                "`--first-parent` to search only bad's own branch"
            )
        if commit not in plan.every_candidate.ids and plan.paths:
            return f"{name} is bad, and so is its parent {commit[:12]} ({verdict.why}); {_WIDEN}"
        return f"{name} is the likeliest answer, but its parent {commit[:12]} is bad too: {verdict.why}"
    unknown = {commit: one for commit, one in verdicts.items() if isinstance(one, Unknown)}
    if bad in unknown:
        return f"{name} is the likeliest answer, but it could not be tested again: {unknown[bad].why}"
    told = "; ".join(f"{commit[:12]}: {one.why}" for commit, one in unknown.items())
    return f"{name} is bad, but no commit before it could be tested, so it may not be the first ({told})"
