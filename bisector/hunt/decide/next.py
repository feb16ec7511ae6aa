"""What a hunt does next, told from its readings: premise, merge bases, search, confirmation, conclusion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bisector import search as core
from bisector.hunt.conclusion import SPENT, Conclusion, GoodIsBad, Inconclusive, MergeBaseIsBad
from bisector.hunt.decide import distrust, premise
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.decide.confirm import confirm
from bisector.hunt.decide.early_ends import endpoints_for
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.estimates import small_step, translated, undecided, unfair
from bisector.hunt.decide.premise import MoreReadings
from bisector.hunt.decide.step import Conclude, Read, Running, Step, Wait
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_CONTRADICTED = "verdicts contradict each other; from here on the test is taken for flaky"
_PRESUMED = "a run that was ended on its way to its limit is contradicted; from here on they are run to it"
_MISLED = "the confirmation does not hold; reading again what misled the search"


class Decider:
    """Decides for one hunt. The same readings lead to the same step, in whatever order they were taken.

    What it keeps between two calls only makes the next one quicker.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._beliefs = Beliefs(plan)

    def next(self, known: Known, running: Sequence[Running] = (), *, spent: bool = False) -> Step:
        """The next step; `spent` says that the time for the hunt is over."""
        hunt = _Hunt(self._plan, known.in_order(), running, spent, self._beliefs)
        return hunt.premise() or hunt.merge_bases() or hunt.search()

    def premise(self, known: Known, running: Sequence[Running] = (), *, spent: bool = False) -> Step | None:
        """As `next`, but None once the premise is established."""
        return _Hunt(self._plan, known.in_order(), running, spent, self._beliefs).premise()

    def belief(self, known: Known) -> Belief:
        """What the readings say of the candidates."""
        return self._beliefs.of(known.in_order())

    def with_ends(self, known: Known, request: Request) -> Request:
        """The request with what its run may be ended by, as far as that is known."""
        by_verdict = request.role is Role.SEARCH and self._plan.ratio is None
        presumes = by_verdict and self._beliefs.of(known).trust.presumed
        ends = endpoints_for(self._plan, known, request.commit, request.role, presumes=presumes)
        return replace(request, endpoints=ends)


@dataclass
class _Hunt:
    """One decision: the plan, what is known, and what runs at the moment."""

    plan: Plan
    known: Known
    running: Sequence[Running]
    spent: bool
    beliefs: Beliefs
    notes: list[str] = field(default_factory=list)
    step: float | None = None
    """The ratio between the endpoints, once it is established; None for verdicts."""

    def premise(self) -> Step | None:
        """Whether the endpoints differ as the user says; None once that is established."""
        plan, ends = self.plan, (self.plan.good[0], self.plan.bad)
        good, bad = (self.known.of(end, None if plan.ratio is None else Role.PREMISE) for end in ends)
        if self._distrusts:
            self.notes.append(distrust.WHY)
            good, bad = distrust.trusted(good), distrust.trusted(bad)
        for end in ends:
            if (
                distrust.are_unsettled(self.known.of(end, Role.PREMISE), plan.ratio)
                and not self._out_of_budget
            ):
                return self._read([self._of_premise(end, fresh=True)])
        decision = premise.decide(good, bad, plan.repeats, plan.ratio, doubted=self._contradict_each_other)
        if isinstance(decision, premise.Established):
            self.step = decision.effect.ratio if decision.effect else None
            figures = f": bad over good {decision.effect}" if decision.effect else ""
            self.notes.append(f"premise established{figures}")
            return None
        if isinstance(decision, MoreReadings):
            return self._read_endpoints(decision, good, bad)
        unchecked = distrust.to_check(decision, good, bad)
        if unchecked and not self._out_of_budget:
            return self._read([self._of_premise(unchecked, fresh=True)])
        return self._conclude(decision)

    def _read_endpoints(
        self, decision: MoreReadings, good: Sequence[Reading], bad: Sequence[Reading]
    ) -> Step:
        if self._out_of_budget:
            return self._conclude(Inconclusive("the budget was spent before the premise was decided"))
        fresh = self.plan.ratio is None and distrust.is_surprising(good, bad)
        wanted = [self.plan.good[0] if decision.of_good else self.plan.bad]
        # An endpoint without a reading needs one, whatever the other turns out to be.
        wanted += [end for end, taken in ((self.plan.good[0], good), (self.plan.bad, bad)) if not taken]
        return self._read(self._of_premise(end, fresh=fresh) for end in wanted)

    def merge_bases(self) -> Step | None:
        """Whether all commits are good that must be; None once they are."""
        for commit in (*self.plan.merge_bases, *self.plan.good[1:]):
            readings = self.known.of(commit, Role.MERGE_BASE)
            side = self._side(readings)
            if isinstance(side, MoreReadings):
                return self._read([self._request(commit, Role.MERGE_BASE, self._reference)])
            if side is None:
                self.notes.append(f"{commit[:12]}, where good and bad part, cannot be tested; taken for good")
            elif side and commit in self.plan.good:
                why = readings[-1].judgement.why
                return self._conclude(
                    GoodIsBad(f"the good endpoint {commit[:12]} is judged bad already: {why}")
                )
            elif side:
                return self._conclude(MergeBaseIsBad(commit, readings[-1].judgement.why))
        return None

    def _side(self, readings: Sequence[Reading]) -> bool | MoreReadings | None:
        """Whether a commit that must be good is bad; None where it cannot be tested."""
        if any(isinstance(reading.judgement, Untestable) for reading in readings):
            return None
        ratios = premise.measured(readings)
        if not ratios:
            side = premise.is_bad(readings, self.plan.repeats)
            return MoreReadings() if side is None else side
        if len(ratios) >= self.plan.repeats.least:
            effect, middle = estimate(ratios), math.sqrt(self.step or self.plan.ratio or 1.0)
            if not effect.low <= middle <= effect.high or len(ratios) >= self.plan.repeats.most:
                return effect.ratio > middle
        return MoreReadings()

    def search(self) -> Step:
        """The search over the candidates, and the confirmation of what it finds."""
        belief = self.beliefs.of(self.known)
        if not belief.trust.exact:
            self.notes.append(_CONTRADICTED)
        elif not belief.trust.presumed and not belief.trust.voided:
            self.notes.append(_PRESUMED)
        if warning := small_step(self.plan, self.known.readings, belief):
            self.notes.append(warning)
        found = belief.conclusion
        if found is None:
            return self._propose(belief)
        if isinstance(found, core.AnyOf) and (ending := unfair(belief, found, self.known.readings)):
            return self._conclude(ending)
        if isinstance(found, core.FirstBad | core.AnyOf):
            return self._confirm(belief, found)
        return self._conclude(translated(self.plan, belief, found, self.known.readings))

    def _propose(self, belief: Belief) -> Step:
        if self._out_of_budget:
            return self._conclude(undecided(SPENT, belief))
        expected, overdue = self._expecting(belief)
        searches = [r.request for r in self.running if r.request.role is Role.SEARCH and not r.overdue]
        still = [*overdue, *(one for one in searches if expected.tells(one.commit))]
        pending = [one.commit for one in still if one not in overdue]
        commit = self._incomplete(pending) or expected.propose(pending)
        if not commit:
            return Wait(tuple(still), tuple(self.notes))
        return self._read([*still, self._request(commit, Role.SEARCH, self._reference)])

    def _expecting(self, belief: Belief) -> tuple[Belief, list[Request]]:
        """What to choose by: searches that are overdue, and still tell something, count as bad."""
        telling = []
        for one in self.running:
            if one.overdue and belief.tells(one.request.commit):
                telling.append(one.request)
                belief = belief.supposing_bad(one.request.commit)
        return belief, telling

    def _incomplete(self, pending: Sequence[str]) -> str | None:
        """A commit of the search whose first pairs are not complete yet."""
        if self.plan.ratio is None:
            return None
        for commit in {r.commit: None for r in self.known.readings if r.role is Role.SEARCH}:
            readings = self.known.of(commit)
            complete = len(readings) + pending.count(commit) >= self.plan.repeats.first
            if not complete and len(premise.measured(readings)) == len(readings):
                return commit
        return None

    def _confirm(self, belief: Belief, found: core.FirstBad | core.AnyOf) -> Step:
        step = confirm(self.plan, belief, found, self.known.readings)
        if not isinstance(step, list):
            return self._conclude(step)
        if step[0].role is Role.SEARCH:
            self.notes.append(_MISLED)
        return self._read(replace(one, fresh=one.fresh or self._distrusts) for one in step)

    @property
    def _distrusts(self) -> bool:
        """Whether an endpoint built clean is not what it was before, so that all is built clean."""
        return distrust.is_due(self.plan, self.known.readings)

    @property
    def _contradict_each_other(self) -> bool:
        """Whether verdicts of the search contradict each other, so that the endpoints are asked again."""
        searched = any(reading.role is not Role.PREMISE for reading in self.known.readings)
        return self.plan.ratio is None and searched and not self.beliefs.of(self.known).trust.exact

    @property
    def _reference(self) -> str:
        return self.plan.good[0] if self.plan.ratio is not None else ""

    @property
    def _out_of_budget(self) -> bool:
        most = self.plan.budget.probes
        searched = {r.commit for r in self.known.readings if r.role is Role.SEARCH}
        searched |= {r.request.commit for r in self.running if r.request.role is Role.SEARCH}
        return self.spent or (most is not None and len(searched) >= most)

    def _of_premise(self, end: str, *, fresh: bool) -> Request:
        request = self._request(end, Role.PREMISE, self._reference, fresh=fresh)
        # A clean build of an endpoint tells whether the others of it are to be trusted.
        return replace(request, about=end) if request.fresh else request

    def _request(self, commit: str, role: Role, against: str = "", *, fresh: bool = False) -> Request:
        return Request(commit, role, against, fresh or self._distrusts)

    def _read(self, requests: Iterable[Request]) -> Read:
        return Read(tuple(dict.fromkeys(requests)), tuple(self.notes))

    def _conclude(self, conclusion: Conclusion) -> Conclude:
        return Conclude(conclusion, tuple(self.notes))
