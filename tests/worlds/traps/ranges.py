"""Traps in the request: paths, first parents, a budget, branches that move."""

from __future__ import annotations

from tests.worlds.draft import Draft, Plan, name
from tests.worlds.traps import trap
from tests.worlds.world import REFUSED


@trap("paths leave the culprit out", "range")
def paths(draft: Draft) -> None:
    """Only commits that touch the documentation are candidates, and none of them has the step."""
    touching = {at for at in range(1, draft.last + 1) if draft.rng.random() < 0.6} - draft.steps.keys()
    touching = touching or {1} - draft.steps.keys()
    texts: list[str] = []
    for at, parents in enumerate(draft.parents):
        before = texts[parents[0]] if parents else "begun\n"
        texts.append(f"{at}\n" if at in touching else before)
        draft.files_of.setdefault(at, {})["docs"] = texts[at]
    draft.candidates = touching
    draft.hunt["paths"] = ["docs"]
    for plan in draft.plans:
        plan.honest |= {REFUSED}


@trap("paths hold the culprit", "range")
def good_paths(draft: Draft) -> None:
    """Only commits that touch the program are candidates."""
    draft.hunt["paths"] = ["app"]
    for plan in draft.plans:
        touched = any(at > (plan.good or 0) for at in draft.steps)
        plan.honest |= set() if touched else {REFUSED}


@trap("first parents only", "range")
def first_parents(draft: Draft) -> None:
    """The merge of a side branch counts as the commit that brought its changes."""
    draft.hunt["first_parent"] = True
    draft.first_parent = True


@trap("a budget that is too small", "range", "plans")
def budget(draft: Draft) -> None:
    """The hunt has no answer until the budget is larger."""
    draft.hunt["budget"] = {"probes": draft.rng.randint(1, 3)}
    draft.plans.append(Plan(extra={"hunt": {"budget": {"probes": 500}}}))


@trap("no good commit is named", "range", "plans", "steps", "shape", "judge")
def auto(draft: Draft) -> None:
    """bisector looks for it, back along the first parents."""
    draft.hunt["good"] = "auto"
    if any("$HOME" in line for line in draft.test_lines):
        draft.may_be_refused()


@trap("asked again", "plans")
def again(draft: Draft) -> None:
    """The second start is the same as the first, or has another name, or starts over."""
    for arguments in ((), ("--name", "second"), ("--restart",)):
        draft.plans.append(Plan(extra={"arguments": arguments}))


@trap("bad's branch moves", "range", "plans", "steps", "shape")
def bad_moves(draft: Draft) -> None:
    """At first it ends before the step, and later it contains it, or the other way round."""
    step = draft.rng.randint(2, draft.last)
    draft.steps = {step: 1}
    draft.hunt["bad"] = "branch"
    ends = [draft.rng.randint(1, step - 1), draft.rng.randint(step, draft.last)]
    draft.rng.shuffle(ends)
    draft.plans = [Plan(bad=end, extra={"branches": {"branch": name(end)}}) for end in ends]


@trap("good's branch moves", "range", "plans", "steps", "shape")
def good_moves(draft: Draft) -> None:
    """At first it is good, and later it is bad, or the other way round."""
    step = draft.rng.randint(1, draft.last - 1)
    draft.steps = {step: 1}
    draft.hunt["good"] = "branch"
    ends = [draft.rng.randint(0, step - 1), draft.rng.randint(step, draft.last - 1)]
    draft.rng.shuffle(ends)
    draft.plans = [Plan(good=end, extra={"branches": {"branch": name(end)}}) for end in ends]


@trap("killed in between", "kill")
def killed(draft: Draft) -> None:
    """SIGKILL at some moment, once or twice. The same command continues."""
    draft.kills = [draft.rng.uniform(0.05, 1.2) for _ in range(draft.rng.randint(1, 2))]


@trap("two at once", "jobs")
def two_jobs(draft: Draft) -> None:
    """Two probes run at once."""
    draft.hunt["jobs"] = 2
