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
        f"commit {last[:12]}, the last one that touches `paths`, is judged {plan.terms.old}, but "
        f"{plan.terms.new} {plan.bad[:12]} is judged {plan.terms.new} {bad_runs}; {_WIDEN}"
    )


def paths_too_narrow(commits: Sequence[str], probabilities: Sequence[float]) -> Inconclusive:
    """Only untestable candidates are left, next to commits that `paths` excludes."""
    why = f"the remaining commits that touch `paths` cannot be tested, but others are next to them; {_WIDEN}"
    return Inconclusive(why, tuple(commits), tuple(probabilities))


def merged_in(
    plan: Plan, commits: Sequence[str], probabilities: Sequence[float], tips: Sequence[str]
) -> Inconclusive:
    """The first commit of the new kind is a merge of a branch that always was: it or the branch did it."""
    old, new = plan.terms.old, plan.terms.new
    first, tip = commits[0][:12], tips[0][:12]
    return Inconclusive(
        f"{first} is the first {new} commit after {old} {plan.good[0][:12]}, but it merges {tip}, which is "
        f"{new} too, as is the commit where that branch left: the merge or a commit of that branch makes the "
        f"difference; look at `git log {tip} --not {plan.good[0][:12]}`",
        tuple(commits),
        tuple(probabilities),
    )


def _why(plan: Plan, bad: str, verdicts: Mapping[str, Verdict]) -> str:
    name, old, new = bad[:12], plan.terms.old, plan.terms.new
    failed = {commit: one for commit, one in verdicts.items() if isinstance(one, Fails)}
    for commit, verdict in failed.items():
        if commit == bad or plan.ratio is not None:
            return f"{name} is the likeliest answer, but a clean build shows no step: {verdict.why}"
        if plan.before_good(commit):
            return (
                f"{name} is {new}, and so is its parent {commit[:12]}, an ancestor of {old}: this is an old "
                f"{'state' if plan.terms.better else 'bug'} of a side branch, not the change looked for; run "
                f"again with `--first-parent` to search only {new}'s own branch"
            )
        if commit not in plan.every_candidate.ids and plan.paths:
            return f"{name} is {new}, and so is its parent {commit[:12]} ({verdict.why}); {_WIDEN}"
        return f"{name} is the likeliest answer, but its parent {commit[:12]} is {new} too: {verdict.why}"
    unknown = {commit: one for commit, one in verdicts.items() if isinstance(one, Unknown)}
    if bad in unknown:
        return f"{name} is the likeliest answer, but it could not be tested again: {unknown[bad].why}"
    if not unknown:
        return f"{name} is {new}, and so is every commit before it"
    told = "; ".join(f"{commit[:12]}: {one.why}" for commit, one in unknown.items())
    return f"{name} is {new}, but no commit before it could be tested, so it may not be the first ({told})"
