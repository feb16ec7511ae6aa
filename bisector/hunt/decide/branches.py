"""The candidates on which the question makes sense, where branches left before the old endpoint.

The search takes a commit without the first bad commit for good. A branch that left before the old endpoint
and was merged later need not be: it may never have had the bug that a fix ended, or it may have a bug that
good has left behind. Its commits are left out. If the branch point is of the old kind after all and the
branch's tip of the new kind, the step is on that branch, and its commits count again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum

from bisector.history.candidates import Candidates, collapse
from bisector.hunt.decide import premise
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.verdicts import Demand, Holds, by_runs, runs_in_time
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Untestable
from bisector.probe.reading import Reading, Role


class Kind(Enum):
    """What readings say about a commit beside the range."""

    OLD = "old"
    NEW = "new"
    UNTESTABLE = "untestable"
    OPEN = "open"
    """One more reading is needed."""


def kind_of(plan: Plan, readings: Sequence[Reading], step: float | None) -> Kind:
    """The kind of a commit that was read against the old endpoint; `step` is the ratio of the endpoints."""
    if any(isinstance(reading.judgement, Untestable) for reading in readings):
        return Kind.UNTESTABLE
    ratios = premise.measured(readings)
    if not ratios:
        side = premise.is_bad(readings, plan.repeats)
        return Kind.OPEN if side is None else Kind.NEW if side else Kind.OLD
    if len(ratios) >= plan.repeats.least:
        effect, middle = estimate(ratios), math.sqrt(step or plan.ratio or 1.0)
        if not effect.low <= middle <= effect.high or len(ratios) >= plan.repeats.most:
            return Kind.NEW if effect.ratio > middle else Kind.OLD
    return Kind.OPEN


def in_scope(plan: Plan, known: Known) -> Plan:
    """The plan with the candidates that the question makes sense for.

    From the start for a fix and for a narrow plan; else once a commit before good turns out to have the bug.
    """
    if plan.beside is None or not (plan.terms.better or plan.narrow or any(_old_bugs(plan, known))):
        return plan
    out = plan.beside.commits() - set(_on_branches_with_a_step(plan, known))
    return narrowed(plan, out)


def base_kinds(plan: Plan, known: Known, tip: str) -> dict[str, Kind]:
    """The kinds of the commits where the branch of a left out commit left the history of the old endpoint."""
    bases = plan.beside.bases(tip) if plan.beside else ()
    return {base: kind_beside(plan, known, base) for base in bases}


def kind_beside(plan: Plan, known: Known, commit: str) -> Kind:
    """The kind of a commit outside the range, by its readings as a branch point."""
    return kind_of(plan, known.of(commit, Role.MERGE_BASE), _step(plan, known))


def left_out_note(plan: Plan) -> str:
    """The note about commits that are no candidates."""
    count = len(plan.left_out)
    commits, are = ("commit", "is") if count == 1 else ("commits", "are")
    return (
        f"{count:,} {commits} of branches that left before {plan.terms.old} {plan.good[0][:12]} {are} left "
        f"out: whether they are {plan.terms.new} says nothing about the commit looked for"
    )


def narrowed(plan: Plan, out: frozenset[str] | set[str]) -> Plan:
    """The plan without the commits in `out`; no commit that stays is an ancestor of one of them."""
    if not out:
        return replace(plan, scoped=True)
    every = _without(plan.every_candidate, out)
    return replace(
        plan,
        candidates=collapse(every, every.inputs) if every.inputs else _without(plan.candidates, out),
        every_candidate=every,
        left_out=frozenset(out),
        scoped=True,
    )


def _old_bugs(plan: Plan, known: Known) -> Iterator[str]:
    """Commits before good that are of the new kind."""
    for commit in {reading.commit: None for reading in known.readings}:
        if commit == plan.bad or not plan.before_good(commit):
            continue
        if kind_beside(plan, known, commit) is Kind.NEW or (
            plan.ratio is None and _is_confirmed_new(plan, known.of(commit, Role.CONFIRMATION), known)
        ):
            yield commit


def _step(plan: Plan, known: Known) -> float | None:
    """The ratio of the endpoints; None for verdicts."""
    at_bad = premise.measured(known.of(plan.bad, Role.PREMISE))
    return estimate(at_bad).ratio if at_bad else None


def _is_confirmed_new(plan: Plan, readings: Sequence[Reading], known: Known) -> bool:
    if not readings:
        return False
    runs, most = runs_in_time(known.readings, plan.repeats)
    demand = Demand(runs, most, plan.confidence, terms=plan.terms)
    return isinstance(by_runs(readings, demand, bad_expected=True), Holds)


def _on_branches_with_a_step(plan: Plan, known: Known) -> Iterator[str]:
    """The commits of branches whose tip was compared with the answer, from a branch point of the old kind."""
    assert plan.beside is not None
    compared = {
        commit: None
        for reading in known.readings
        if reading.role is Role.CONFIRMATION
        for commit in (reading.commit, reading.against)
    }
    for tip in plan.beside.commits() & compared.keys():
        for base, kind in base_kinds(plan, known, tip).items():
            if kind is Kind.OLD:
                yield from plan.beside.between(base, tip)


def _without(candidates: Candidates, out: frozenset[str] | set[str]) -> Candidates:
    place: dict[int, int] = {}
    for at, identity in enumerate(candidates.ids):
        if identity not in out:
            place[at] = len(place)
    return Candidates(
        tuple(candidates.ids[at] for at in place),
        tuple(tuple(place[p] for p in candidates.parents[at] if p in place) for at in place),
        tuple(candidates.inputs[at] for at in place) if candidates.inputs else (),
    )
