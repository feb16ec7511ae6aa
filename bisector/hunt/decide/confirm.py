"""The search's answer compared with the commits before it: the next readings, or how the hunt ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bisector import search as core
from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.confirm_branches import without_branches
from bisector.hunt.decide.premise import MoreReadings, runs_of
from bisector.hunt.decide.returning import changed_meanwhile, commit_to_return_to
from bisector.hunt.decide.unconfirmed import merged_in, not_confirmed, paths_too_narrow
from bisector.hunt.decide.verdicts import (
    Demand,
    Fails,
    Holds,
    Unknown,
    Verdict,
    against_parent,
    by_runs,
    runs_in_time,
)
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Untestable
from bisector.probe.early import sure_from
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_UNDECLARED = 0.05
"""Probability that the first bad commit changes no declared input, if that was not tested."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the search found: the first bad commit is one of `commits`.

    The evidence: `bad` is judged bad, and all of `before` are good or untestable. `apart` are parents on
    branches that are left out, or that good contains: they may be bad if they never were good.
    """

    commits: tuple[str, ...]
    probabilities: tuple[float, ...]
    bad: str
    before: tuple[str, ...]
    apart: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        plan: Plan,
        belief: Belief,
        found: core.FirstBad | core.AnyOf,
        readings: Sequence[Reading],
    ) -> Answer:
        """The answer as commit ids. A single commit is compared with all its parents, in the range or not."""
        if isinstance(found, core.FirstBad):
            commit = belief.commit(found.commit)
            own = [reading.judgement for reading in readings if reading.commit == commit]
            untestable = bool(own) and all(isinstance(one, Untestable) for one in own)
            # If all its children are bad, an untestable commit can still be the first bad one.
            bad = belief.boundary((commit,))[0] if untestable else commit
            return cls((commit,), (found.probability,), bad, *_divided(plan, plan.parents[commit]))
        commits = tuple(map(belief.commit, found.commits))
        bad, good = belief.boundary(commits)
        parents = {parent for commit in commits for parent in plan.parents[commit]}
        before = dict.fromkeys((*good, *sorted(parents.difference(commits))))
        return cls(commits, tuple(found.probabilities), bad, *_divided(plan, tuple(before)))

    def is_contradicted(self, readings: Sequence[Reading]) -> bool:
        """Whether the confirmation runs of some commit all contradict the search (verdicts only).

        Then a shortcut (declared inputs, equal outputs, runs ended early) may have misled the search.
        """
        for commit in (self.bad, *self.before):
            fresh = [r for r in readings if r.commit == commit and r.role is Role.CONFIRMATION]
            runs = runs_of([one for one in fresh if not one.against])
            if runs.all and not (runs.bad if commit == self.bad else runs.good):
                return True
        return False


def _divided(plan: Plan, parents: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parents to compare with, and those on branches that are left out."""
    apart = tuple(
        parent for parent in parents if plan.scoped and (parent in plan.left_out or plan.before_good(parent))
    )
    return tuple(parent for parent in parents if parent not in apart), apart


def confirm(belief: Belief, found: core.FirstBad | core.AnyOf, known: Known) -> list[Request] | Conclusion:
    """The readings still missing, or the conclusion: the confirmed answer, or why it is not confirmed."""
    plan, readings = belief.plan, known.readings
    answer = Answer.of(plan, belief, found, readings)
    verdicts = (
        _pairs(plan, belief, answer, readings)
        if plan.ratio is not None
        else _runs(plan, belief, answer, readings)
    )
    if isinstance(verdicts, list):
        return verdicts
    if belief.error_rates is not None:
        held_too = _held(answer, verdicts)
        if changed := changed_meanwhile(answer.bad, held_too, readings, plan.terms):
            return Inconclusive(changed, answer.commits, answer.probabilities)
    checked = without_branches(plan, known, verdicts, answer.apart, answer.bad)
    if isinstance(checked, list):
        return checked
    verdicts, doubtful = checked
    failed = {commit: one for commit, one in verdicts.items() if isinstance(one, Fails)}
    if plan.ratio is not None and failed and (request := _misled(plan, answer, readings)):
        return [request]
    own = verdicts.get(answer.bad, Holds())
    held = {c: one for c, one in verdicts.items() if isinstance(one, Holds) and c != answer.bad}
    if failed or not held or not isinstance(own, Holds):
        return not_confirmed(plan, answer.commits, answer.probabilities, answer.bad, verdicts)
    if plan.paths and isinstance(found, core.AnyOf) and _may_be_left_out(plan, answer, verdicts):
        return paths_too_narrow(answer.commits, answer.probabilities)
    unknown = [c for c, one in verdicts.items() if isinstance(one, Unknown) and not belief.is_candidate(c)]
    if unknown and (others := _between(plan, belief, answer, held)):
        probabilities = [(1 - _UNDECLARED) * one for one in answer.probabilities]
        probabilities += [_UNDECLARED / len(others)] * len(others)
        return AnyOf((*answer.commits, *others), tuple(probabilities), belief.exact, untested=others)
    if doubtful:
        return merged_in(plan, answer.commits, answer.probabilities, doubtful)
    return _confirmed(answer, held, plan, exact=belief.exact)


def _between(plan: Plan, belief: Belief, answer: Answer, held: Mapping[str, Holds]) -> tuple[str, ...]:
    """The untested commits between the answer and the good ones.

    With an untestable parent, the hunt file alone says that they change no input.
    """
    every = plan.every_candidate
    at = {identity: index for index, identity in enumerate(every.ids)}
    inside, outside = {at[answer.bad]}, {at[commit] for commit in held if commit in at}
    for index in range(len(every) - 1, -1, -1):
        for group in (inside, outside):
            if index in group:
                group.update(every.parents[index])
    between = (every.ids[index] for index in sorted(inside - outside))
    return tuple(c for c in between if c not in answer.commits and not belief.is_candidate(c))


def _may_be_left_out(plan: Plan, answer: Answer, verdicts: Mapping[str, Verdict]) -> bool:
    """Whether the first bad commit may be one that `paths` excludes, next to untestable commits."""
    unknown = any(isinstance(verdict, Unknown) for verdict in verdicts.values())
    between = set(plan.parents[answer.bad]).difference(answer.commits, answer.before)
    return unknown or bool(between)


def _confirmed(answer: Answer, held: Mapping[str, Holds], plan: Plan, *, exact: bool) -> Conclusion:
    if len(answer.commits) > 1:
        return AnyOf(answer.commits, answer.probabilities, exact, left_out=len(plan.left_out))
    effects = [one.effect for one in held.values() if one.effect]
    return FirstBad(
        commit=answer.commits[0],
        probability=answer.probabilities[0],
        confirmed=True,
        effect=min(effects, key=lambda effect: effect.ratio) if effects else None,
        parents_good=tuple(held),
        exact=exact,
        left_out=len(plan.left_out),
    )


def _runs(
    plan: Plan, belief: Belief, answer: Answer, readings: Sequence[Reading]
) -> dict[str, Verdict] | list[Request]:
    """Verdicts on the commit and those before it, from all their runs; or the runs still missing."""
    runs, most = runs_in_time(readings, plan.repeats)
    demand = Demand(runs, most, plan.confidence, belief.error_rates, plan.terms)

    def verdict_of(commit: str) -> Verdict | Request:
        own = [one for one in readings if one.commit == commit and not (one.shared or _presumed(one))]
        verdict = by_runs(own, demand, bad_expected=commit == answer.bad)
        if isinstance(verdict, MoreReadings):
            return Request(commit, Role.CONFIRMATION, clean=True, about=answer.bad)
        return verdict

    verdicts = _verdicts((answer.bad, *answer.before, *answer.apart), verdict_of, belief)
    if isinstance(verdicts, list) or belief.error_rates is None:
        return verdicts
    if not isinstance(verdicts.get(answer.bad), Holds):
        return verdicts
    again = commit_to_return_to(answer.bad, _held(answer, verdicts), readings)
    return [Request(again, Role.CONFIRMATION, clean=True, about=answer.bad)] if again else verdicts


def _held(answer: Answer, verdicts: Mapping[str, Verdict]) -> list[str]:
    """The commits before the answer that were confirmed to be on the other side."""
    return [one for one, verdict in verdicts.items() if isinstance(verdict, Holds) and one != answer.bad]


def _verdicts(
    commits: Sequence[str], verdict_of: Callable[[str], Verdict | Request], belief: Belief
) -> dict[str, Verdict] | list[Request]:
    """Verdicts on these commits and on substitutes for untestable ones; or the readings still missing."""
    verdicts: dict[str, Verdict] = {}
    missing: list[Request] = []
    left = list(commits)
    while left:
        commit = left.pop(0)
        verdict = verdict_of(commit)
        if isinstance(verdict, Request):
            missing.append(verdict)
            continue
        verdicts[commit] = verdict
        instead = belief.cleared_by(commit) if isinstance(verdict, Unknown) else ""
        if instead and instead not in (*verdicts, *left):
            left.append(instead)
    return missing or verdicts


def _presumed(reading: Reading) -> bool:
    return getattr(reading.judgement, "at_least", None) is not None


def _pairs(
    plan: Plan, belief: Belief, answer: Answer, readings: Sequence[Reading]
) -> dict[str, Verdict] | list[Request]:
    """Verdicts on the commits before it, from pairs; or the pairs still missing."""
    # Drift is also a step, perhaps the only one left within `paths`, but not the regression wanted.
    step = max(belief.step_at(answer.commits[0]), plan.ratio or 1.0)
    sure = _sure_from(plan, readings)
    own = [one for one in readings if one.commit == answer.bad and one.role is Role.CONFIRMATION]

    def verdict_of(parent: str) -> Verdict | Request:
        pairs = [one for one in own if one.against == parent]
        if pairs and _is_same_artifact(plan, pairs[-1]):
            return Fails(f"its build is byte-identical to that of its parent {parent[:12]}")
        verdict = against_parent(pairs, plan.repeats, step, sure)
        if isinstance(verdict, MoreReadings):
            return Request(answer.bad, Role.CONFIRMATION, parent, clean=True, about=answer.bad)
        return verdict

    return _verdicts((*answer.before, *answer.apart), verdict_of, belief)


def _sure_from(plan: Plan, readings: Sequence[Reading]) -> float:
    """The ratio from which one pair leaves no doubt; `inf` if several must show that they agree."""
    premise = [one for one in readings if one.role is Role.PREMISE]
    ends = ([r for r in premise if r.commit == end] for end in (plan.good[0], plan.bad))
    return math.inf if plan.to_the_end else sure_from(*ends)


def _is_same_artifact(plan: Plan, pair: Reading) -> bool:
    """Whether both commits of a pair built the same bytes, and the test reads the same other files."""
    if not pair.digest or pair.digest != pair.reference_digest:
        return False
    return plan.is_tested_alike(pair.commit, pair.against) if plan.is_tested_alike else True


def _misled(plan: Plan, answer: Answer, readings: Sequence[Reading]) -> Request | None:
    """After pairs that show no step: repeat the readings that misled the search, from clean builds."""
    again = [one.commit for one in readings if one.role is Role.SEARCH and one.about == answer.bad]
    for commit in (answer.bad, *answer.before):
        if again.count(commit) < plan.repeats.least:
            return Request(commit, Role.SEARCH, plan.good[0], clean=True, about=answer.bad)
    return None
