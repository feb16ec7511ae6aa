"""Whether the overlay brings the difference between the first bad commit and its parent.

If only one of the two gets a change, such as a fix-up, that change may be what makes them differ. So the two
are compared with the same changes: those of the commit, else those of its parent.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion, FirstBad, Inconclusive
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.taking import take
from bisector.hunt_file.overlay import Change, CherryPick
from bisector.predicate import Bad, Good, Judgement
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
    """The conclusion; inconclusive if its first bad commit may differ from a parent by the overlay only."""
    if not isinstance(conclusion, FirstBad) or identity.conditions.are_none:
        return conclusion
    pairs = _Pairs(ground, key, identity, plan, readings, listener)
    for parent in conclusion.parents_good or plan.parents[conclusion.commit]:
        if doubt := pairs.doubt(conclusion.commit, parent):
            return Inconclusive(doubt, (conclusion.commit,), (conclusion.probability,))
    return conclusion


def apart_by_the_overlay(
    ground: Ground, identity: Identity, readings: Sequence[Reading], commit: str, parents: Sequence[str]
) -> str:
    """Which changes of the overlay only `commit` or one of its parents got, in words; '' for none.

    Tests nothing, so it says nothing about whether these changes matter.
    """
    laid = _LaidOut(ground, identity, readings)
    return next(filter(None, (laid.apart(commit, parent) for parent in parents)), "")


@dataclass(frozen=True)
class _LaidOut:
    """With which changes of the overlay commits were read."""

    ground: Ground
    identity: Identity
    readings: Sequence[Reading]

    def apart(self, commit: str, parent: str) -> str:
        """The changes that only one of the two got, in words; '' for none."""
        here, there = self.of(commit), self.of(parent)
        apart = sorted({*here} ^ {*there})
        return self.identity.words([at for at in apart if not self._is_part_of(at, commit, there)])

    def of(self, commit: str) -> tuple[int, ...]:
        """The positions in the overlay of the changes that a commit was read with."""
        every = self.identity.conditions.met_by([commit])[0]
        overlay = self.ground.hunt.overlay
        needed = {r.fix_ups for r in self.readings if r.commit == commit and r.run is not None}
        named = {part for words in needed for part in words.split(" and ")}
        used = {at for at in every if self.identity.words([at]) in named}
        return tuple(at for at in every if not overlay[at].is_fix_up or at in used)

    def _is_part_of(self, at: int, commit: str, of_parent: Sequence[int]) -> bool:
        """Whether a change is only what `commit` itself contains, so that both have it."""
        change = self.ground.hunt.overlay[at]
        if not isinstance(change, CherryPick) or at not in of_parent:
            return False
        picked = self.identity.id_of(change.cherry_pick)
        return self.ground.repository.contains(commit, picked)


@dataclass(frozen=True)
class _Pairs:
    ground: Ground
    key: str
    identity: Identity
    plan: Plan
    readings: Sequence[Reading]
    listener: Listener

    def doubt(self, commit: str, parent: str) -> str:
        """Why the overlay may bring the difference between `commit` and `parent`; '' if it does not."""
        laid, terms = _LaidOut(self.ground, self.identity, self.readings), self.plan.terms
        words = laid.apart(commit, parent)
        if not words:
            return ""
        told = (
            f"{commit[:12]} is {terms.new} and its parent {parent[:12]} {terms.old}, but only one of them "
            f"got {words} of the overlay"
        )
        if self.ground.ratio is not None or self.ground.hunt.engine.name != "local":
            return f"{told}, so the overlay may bring the difference; give both of them the same overlay"
        self.listener(Noted(f"testing whether {words} of the overlay brings the difference"))
        with_own = self._read(parent, laid.of(commit))
        if isinstance(with_own, Good):
            return ""
        with_parents = self._read(commit, laid.of(parent))
        if isinstance(with_parents, Bad):
            return ""
        return (
            f"{told}; with the same changes they do not differ in that way, so the overlay may bring the "
            f"difference ({parent[:12]}: {with_own.why}; {commit[:12]}: {with_parents.why})"
        )

    def _read(self, commit: str, changes: Sequence[int]) -> Judgement:
        """The judgement of a commit with just these changes, whatever their conditions."""
        overlay: list[Change] = [self.ground.hunt.overlay[at] for at in changes]
        alike = copy.copy(self.ground)
        update = {"overlay": tuple(change.model_copy(update={"when": None}) for change in overlay)}
        alike.hunt = self.ground.hunt.model_copy(update=update)
        ends: Mapping[str, str] = self.identity.ends
        with reader_for(alike, self.key, ends, len(self.readings), self.listener) as reader:
            request = Request(commit, Role.VERIFICATION, clean=True)
            request = reviewed_by(request, ends["good"], ends["bad"], ())
            return take(reader, request, lambda _reading: None, self.listener).judgement
