"""Whether the overlay brings the difference between the first bad commit and its parent.

If only one of the two gets a change, such as a fix-up or one that is optional, that change may be what makes
them differ. So the two are compared with the same changes: those of the commit, else those of its parent. If
the first bad commit is one of several, these are the commits that bound the set.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground
from bisector.hunt.laid_over import LaidOver
from bisector.hunt.plan import Plan
from bisector.hunt.taking import take
from bisector.hunt_file.overlay import Change
from bisector.predicate import Bad, Good, Judgement, Measured
from bisector.probe.identity import Identity
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def not_by_the_overlay(
    conclusion: Conclusion | None,
    ground: Ground,
    key: str,
    identity: Identity,
    plan: Plan,
    readings: Sequence[Reading],
    listener: Listener,
) -> Conclusion | None:
    """The conclusion; inconclusive if its commits may differ from those before by the overlay only."""
    laid = LaidOver(ground, identity, readings)
    if not isinstance(conclusion, FirstBad | AnyOf) or laid.is_alike_everywhere:
        return conclusion
    commits, probabilities, before = _claimed(conclusion)
    pairs = _Pairs(ground, key, identity, plan, readings, listener, laid)
    before = before or _good_bounds(commits, plan, readings)
    for bad in _bad_bounds(commits, plan, readings):
        for good in before:
            if doubt := pairs.doubt(bad, good):
                return Inconclusive(doubt, commits, probabilities)
    return conclusion


def _claimed(answer: FirstBad | AnyOf) -> tuple[tuple[str, ...], tuple[float, ...], tuple[str, ...]]:
    """The commits of an answer, their probabilities, and those before it as far as it names them."""
    if isinstance(answer, FirstBad):
        return (answer.commit,), (answer.probability,), answer.parents_good
    return answer.commits, answer.probabilities, ()


def apart_by_the_overlay(
    ground: Ground, identity: Identity, readings: Sequence[Reading], commit: str, parents: Sequence[str]
) -> str:
    """Which changes of the overlay only `commit` or one of its parents got, in words; '' for none.

    Tests nothing, so it says nothing about whether these changes matter.
    """
    laid = LaidOver(ground, identity, readings)
    if laid.is_alike_everywhere:
        return ""
    return next(filter(None, (identity.words(laid.apart(commit, parent)) for parent in parents)), "")


def _bad_bounds(commits: Sequence[str], plan: Plan, readings: Sequence[Reading]) -> Sequence[str]:
    """The tested ones of `commits`, else their tested children, else the new endpoint."""
    tested = _tested(readings)
    own = [one for one in commits if one in tested]
    return own or sorted(one for one in tested if {*plan.parents.get(one, ())} & {*commits}) or [plan.bad]


def _good_bounds(commits: Sequence[str], plan: Plan, readings: Sequence[Reading]) -> tuple[str, ...]:
    """The nearest tested ancestors of `commits` that are good, else the old endpoints.

    Those of a measured hunt are good if the confirmation compared the answer with them.
    """
    tested = _tested(readings)
    good = {one.commit for one in readings if isinstance(one.judgement, Good)}
    good |= {one.against for one in readings}
    seen, left, found = {*commits}, [*commits], []
    while left:
        for parent in plan.parents.get(left.pop(), ()):
            if parent in seen:
                continue
            seen.add(parent)
            if parent not in tested:
                left.append(parent)
            elif parent in good:
                found.append(parent)
    return tuple(found) or plan.good


def _tested(readings: Sequence[Reading]) -> set[str]:
    """The commits whose test ran, also as the reference of another."""
    judged = [one for one in readings if isinstance(one.judgement, Good | Bad | Measured)]
    return {commit for one in judged for commit in (one.commit, one.against) if commit}


@dataclass(frozen=True)
class _Pairs:
    ground: Ground
    key: str
    identity: Identity
    plan: Plan
    readings: Sequence[Reading]
    listener: Listener
    laid: LaidOver

    def doubt(self, commit: str, before: str) -> str:
        """Why the overlay may bring the difference between `commit` and the one `before`; '' if not."""
        apart = self.laid.apart(commit, before)
        if not apart:
            return ""
        words = self.identity.words(apart)
        told = f"{self._told(commit, before)}, but only one of them got {words} of the overlay"
        advice = self._advice(apart)
        if self.ground.ratio is not None or self.ground.hunt.engine.name != "local":
            return f"{told}, so the overlay may bring the difference; {advice}"
        self.listener(Noted(f"testing whether {words} of the overlay brings the difference"))
        with_own = self._read(before, self.laid.of(commit))
        if isinstance(with_own, Good):
            return ""
        with_its = self._read(commit, self.laid.of(before))
        if isinstance(with_its, Bad):
            return ""
        return (
            f"{told}; with the same changes they do not differ in that way, so the overlay may bring the "
            f"difference ({before[:12]}: {with_own.why}; {commit[:12]}: {with_its.why}); {advice}"
        )

    def _told(self, commit: str, before: str) -> str:
        terms = self.plan.terms
        if before in self.plan.parents.get(commit, ()):
            return f"{commit[:12]} is {terms.new} and its parent {before[:12]} {terms.old}"
        return f"{commit[:12]} is {terms.new} and {before[:12]} before it {terms.old}"

    def _advice(self, apart: Sequence[int]) -> str:
        """How to mend it."""
        optional = [at for at in apart if self.ground.hunt.overlay[at].optional]
        if not optional:
            return "give both of them the same overlay"
        return (
            f"remove `optional` from {self.identity.words(optional)}, so that commits to which it does not "
            "apply are untestable, or remove the entry"
        )

    def _read(self, commit: str, changes: Sequence[int]) -> Judgement:
        """The judgement of a commit with just these changes, all of them, whatever their conditions."""
        overlay: list[Change] = [self.ground.hunt.overlay[at] for at in changes]
        alike = copy.copy(self.ground)
        same = {"when": None, "optional": False}
        update = {"overlay": tuple(change.model_copy(update=same) for change in overlay)}
        alike.hunt = self.ground.hunt.model_copy(update=update)
        ends: Mapping[str, str] = self.identity.ends
        with reader_for(alike, self.key, ends, len(self.readings), self.listener) as reader:
            request = Request(commit, Role.VERIFICATION, clean=True)
            request = reviewed_by(request, ends["good"], ends["bad"], ())
            return take(reader, request, lambda _reading: None, self.listener).judgement
