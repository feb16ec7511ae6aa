"""What a hunt does next, told from its readings alone: premise, search, confirmation, conclusion."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from bisector import search as core
from bisector.hunt import distrust, premise
from bisector.hunt.answer import confirm
from bisector.hunt.belief import Belief, voided
from bisector.hunt.conclusion import (
    SPENT,
    BadIsGood,
    Conclusion,
    Effect,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.effect import estimate
from bisector.hunt.events import Event, Noted
from bisector.hunt.outlook import small_step, translated, undecided, unfair
from bisector.hunt.plan import Plan
from bisector.predicate import Ending, Good, Untestable
from bisector.probe.early import Endpoints
from bisector.probe.reading import BuildKind, Reading, Role
from bisector.probe.request import Request

_CONTRADICTED = "verdicts contradict each other; from here on the test is taken for flaky"
_PRESUMED = "a run that was ended on its way to its limit is contradicted; from here on they are run to it"

_MISLED = "the confirmation does not hold; reading again what misled the search"


class _Wanted(Exception):
    """The next reading, or None where all that may tell something is under way already."""

    def __init__(self, request: Request | None) -> None:
        super().__init__()
        self.request = request


class Course:
    """The course of one hunt: from the same readings it always goes on in the same way.

    `readings` may be added to from outside. `pending` are commits whose search readings are under way.
    `spent` says whether the time is over; what a person should know is told through `tell`, each thing once.
    """

    def __init__(
        self,
        plan: Plan,
        readings: Sequence[Reading],
        spent: Callable[[], bool] = lambda: False,
        tell: Callable[[Event], None] = lambda _event: None,
        pending: Sequence[str] = (),
    ) -> None:
        self._plan = plan
        self._spent = spent
        self._tell = tell
        self._told: set[str] = set()
        self._belief: Belief | None = None
        self._believed = 0
        self.readings = list(readings)
        self.pending = tuple(pending)
        self.premise: Effect | None = None

    def next(self) -> Request | Conclusion | None:
        """The reading that is needed next, or how the hunt ends; None while only the pending can tell."""
        try:
            return self._endpoints() or self._merge_bases() or self._search()
        except _Wanted as wanted:
            return wanted.request

    def next_of_premise(self) -> Request | Conclusion | None:
        """As `next`, but None once there is something to search for."""
        try:
            return self._endpoints()
        except _Wanted as wanted:
            return wanted.request

    @property
    def belief(self) -> Belief:
        """What all readings so far say; what was believed before is only added to, where that will do."""
        fresh = self.readings[self._believed :]
        if self._belief is None or self._is_upset_by(self._belief, fresh):
            self._belief = self._believed_anew()
        else:
            for reading in fresh:
                self._belief.observe(reading)
            if self._belief.contradicts:
                self._belief = self._believed_anew()
                self._note(_CONTRADICTED if self._belief.flaky else _PRESUMED)
        self._believed = len(self.readings)
        return self._belief

    def _is_upset_by(self, belief: Belief, fresh: Sequence[Reading]) -> bool:
        """Whether these change more than the probabilities: the model, its prior, or the candidates."""
        if any(reading.role is Role.PREMISE for reading in fresh):
            return True
        return bool(fresh) and voided(self.readings) != belief.voided

    @property
    def flaky(self) -> bool:
        """Whether verdicts are taken for flaky, as last believed."""
        return self._belief is not None and self._belief.flaky

    @property
    def presumes(self) -> bool:
        """Whether a run on its way to a limit counts as bad, as last believed."""
        return self._belief is None or (self._belief.presumes and not self._belief.flaky)

    def readings_of(self, commit: str, role: Role | None = None) -> list[Reading]:
        """The readings of one commit, oldest first; those of one role only where it is given."""
        return [r for r in self.readings if r.commit == commit and role in (None, r.role)]

    @property
    def _reference(self) -> str:
        return self._plan.good[0] if self._plan.ratio is not None else ""

    def _note(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(Noted(text))

    def _want(
        self, commit: str, role: Role, against: str = "", *, fresh: bool = False, about: str = ""
    ) -> _Wanted:
        fresh = fresh or self._distrusts
        if fresh and role is Role.PREMISE:
            about = commit
        return _Wanted(Request(commit, role, against, fresh, self.endpoints_for(commit, role), about))

    @property
    def _distrusts(self) -> bool:
        """Whether an endpoint built clean is not what it was before, so that all is built clean."""
        ends = (self._plan.good[0], self._plan.bad)
        premises = (self.readings_of(end, Role.PREMISE) for end in ends)
        return any(distrust.are_misled(readings, self._plan.ratio) for readings in premises)

    def _believed_anew(self) -> Belief:
        if not self._distrusts:
            return Belief(self._plan, self.readings)
        apart = replace(self._plan, candidates=self._plan.every_candidate)
        return Belief(apart, distrust.trusted(self.readings))

    def _endpoints(self) -> Conclusion | None:
        plan = self._plan
        only = None if plan.ratio is None else Role.PREMISE
        good, bad = (self.readings_of(end, only) for end in (plan.good[0], plan.bad))
        if self._distrusts:
            self._note(distrust.WHY)
            good, bad = distrust.trusted(good), distrust.trusted(bad)
        for end in (plan.good[0], plan.bad):
            unsettled = distrust.are_unsettled(self.readings_of(end, Role.PREMISE), plan.ratio)
            if unsettled and not self._out_of_budget():
                raise self._want(end, Role.PREMISE, self._reference, fresh=True)
        decision = premise.decide(good, bad, plan.repeats, plan.ratio, doubted=self._doubted)
        if isinstance(decision, premise.Established):
            self.premise = decision.effect
            figures = f": bad over good {decision.effect}" if decision.effect else ""
            self._note(f"premise established{figures}")
            return None
        if not isinstance(decision, premise.MoreReadings):
            unchecked = distrust.to_check(decision, good, bad)
            if unchecked and not self._out_of_budget():
                raise self._want(unchecked, Role.PREMISE, self._reference, fresh=True)
            doubt = self._plan.in_doubt(good, bad) if isinstance(decision, NoRegression | BadIsGood) else None
            return Inconclusive(doubt) if doubt else decision
        if self._out_of_budget():
            return Inconclusive("the budget was spent before the premise was decided")
        commit = plan.good[0] if decision.of_good else plan.bad
        fresh = plan.ratio is None and distrust.is_surprising(good, bad)
        raise self._want(commit, Role.PREMISE, self._reference, fresh=fresh)

    @property
    def _doubted(self) -> bool:
        """Whether verdicts of the search contradict each other, so that the endpoints are asked again."""
        searched = any(reading.role is not Role.PREMISE for reading in self.readings)
        return self._plan.ratio is None and searched and self.belief.flaky

    def _merge_bases(self) -> Conclusion | None:
        for commit in (*self._plan.merge_bases, *self._plan.good[1:]):
            side = self._side(commit)
            if side is None:
                self._note(f"{commit[:12]}, where good and bad part, cannot be tested; taken for good")
            elif side:
                why = self.readings_of(commit, Role.MERGE_BASE)[-1].judgement.why
                if commit in self._plan.good:
                    return GoodIsBad(f"the good endpoint {commit[:12]} is judged bad already: {why}")
                return MergeBaseIsBad(commit, why)
        return None

    def _side(self, commit: str) -> bool | None:
        """Whether a commit that must be good is bad; None where it cannot be tested."""
        readings = self.readings_of(commit, Role.MERGE_BASE)
        if any(isinstance(reading.judgement, Untestable) for reading in readings):
            return None
        ratios = premise.measured(readings)
        if not ratios:
            side = premise.is_bad(readings, self._plan.repeats)
            if side is None:
                raise self._want(commit, Role.MERGE_BASE, self._reference)
            return side
        if len(ratios) >= self._plan.repeats.least:
            effect = estimate(ratios)
            middle = self._middle()
            if not effect.low <= middle <= effect.high or len(ratios) >= self._plan.repeats.most:
                return effect.ratio > middle
        raise self._want(commit, Role.MERGE_BASE, self._reference)

    def _search(self) -> Conclusion:
        belief = self.belief
        warning = small_step(self._plan, self.readings, belief)
        if warning:
            self._note(warning)
        found = belief.conclusion
        if found is None:
            if self._out_of_budget():
                return undecided(SPENT, belief)
            commit = self._begun() or belief.propose(self.pending)
            raise self._want(commit, Role.SEARCH, self._reference) if commit else _Wanted(None)
        if isinstance(found, core.FirstBad):
            return self._confirmed(belief, found)
        if isinstance(found, core.AnyOf):
            return unfair(belief, found, self.readings) or self._confirmed(belief, found)
        return translated(self._plan, belief, found, self.readings)

    def _confirmed(self, belief: Belief, found: core.FirstBad | core.AnyOf) -> Conclusion:
        step = confirm(self._plan, belief, found, self.readings)
        if not isinstance(step, Request):
            return step
        if step.role is Role.SEARCH:
            self._note(_MISLED)
        raise self._want(step.commit, step.role, step.against, fresh=step.fresh, about=step.about)

    def endpoints_for(self, commit: str, role: Role) -> Endpoints | None:
        """By what to end a run of this commit early; none at a second time in the search.

        Whoever asks again wants the value, and would ask for ever if it got no more than a verdict.
        """
        plan = self._plan
        searching = role is Role.SEARCH
        if commit in plan.good or role is Role.MERGE_BASE:
            return None
        if plan.ratio is None:
            return self._ends_of_verdicts(commit) if searching and not plan.to_the_end else None
        if plan.repeats.whole and not searching:
            return None
        good, bad = (tuple(self.readings_of(c, Role.PREMISE)) for c in (plan.good[0], plan.bad))
        if role is Role.PREMISE:
            return Endpoints(good, ()) if not bad else None
        ended = any(r.run and r.run.ending is Ending.JUDGED for r in self.readings_of(commit, Role.SEARCH))
        if searching and (ended or commit == plan.bad or not bad):
            return None
        return Endpoints(good, bad)

    def _ends_of_verdicts(self, commit: str) -> Endpoints | None:
        """As `endpoints_for`, for verdicts; none once a confirmation has failed, or verdicts contradict."""
        if not self.presumes or any(r.role is Role.CONFIRMATION for r in self.readings):
            return None
        if commit == self._plan.bad or self.readings_of(commit, Role.SEARCH):
            return None
        bad = self._plan.bad
        return Endpoints(
            tuple(r for r in self.readings if isinstance(r.judgement, Good)),
            tuple(r for r in self.readings if r.commit == bad and r.role is Role.PREMISE),
        )

    def _begun(self) -> str | None:
        """The commit whose first pairs are not complete yet, also when an earlier start was stopped there."""
        asked = (r for r in reversed(self.readings) if r.build is not BuildKind.AHEAD)
        last = next(asked, None)
        if self._plan.ratio is None or last is None or last.role is not Role.SEARCH:
            return None
        commit = last.commit
        readings = self.readings_of(commit)
        complete = len(readings) + self.pending.count(commit) >= self._plan.repeats.first
        return None if complete or len(premise.measured(readings)) < len(readings) else commit

    def _middle(self) -> float:
        return math.sqrt(self.premise.ratio) if self.premise else math.sqrt(self._plan.ratio or 1.0)

    def _out_of_budget(self) -> bool:
        most = self._plan.budget.probes
        asked = (r for r in self.readings if r.role is Role.SEARCH and r.build is not BuildKind.AHEAD)
        probes = len({r.commit for r in asked}.union(self.pending))
        return self._spent() or (most is not None and probes >= most)
