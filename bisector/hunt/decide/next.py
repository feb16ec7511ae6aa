"""What a hunt does next, from its readings: premise, merge bases, search, confirmation, conclusion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bisector import search as core
from bisector.hunt.conclusion import SPENT, Conclusion, FirstBad, GoodIsBad, Inconclusive, MergeBaseIsBad
from bisector.hunt.decide import distrust, fix_premise, premise
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.decide.branches import Kind, kind_of, left_out_note
from bisector.hunt.decide.confirm import confirm
from bisector.hunt.decide.early_ends import endpoints_for
from bisector.hunt.decide.endings import with_endings
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.decide.estimates import small_step, too_busy, translated, undecided
from bisector.hunt.decide.premise import MoreReadings
from bisector.hunt.decide.step import Conclude, Read, Running, Step, Wait
from bisector.hunt.decide.two_causes import of_two_causes
from bisector.hunt.decide.warm_up import usable, warm_up
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Undecided
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_CONTRADICTED = "verdicts contradict each other; the test counts as flaky from here on"
_PRESUMED = "the verdict of a run that was ended early is contradicted; later runs are not ended early"
_BUSY = "the machine was too busy to judge some runs; testing these commits again until they get a CPU"
_MISLED = "not confirmed; repeating the readings that misled the search"


class Decider:
    """Decides for one hunt. The same readings lead to the same step, in any order.

    State kept between calls only makes the next call faster.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._beliefs = Beliefs(plan)

    def next(self, known: Known, running: Sequence[Running] = (), *, spent: bool = False) -> Step:
        """The next step; `spent` says that the hunt's time is over."""
        hunt = self._hunt(known, running, spent=spent)
        step = hunt.premise() or hunt.merge_bases() or hunt.search()
        return _ended_by_load(step, known) if spent else step

    def premise(self, known: Known, running: Sequence[Running] = (), *, spent: bool = False) -> Step | None:
        """Like `next`, but None once the premise is established."""
        return self._hunt(known, running, spent=spent).premise()

    def _hunt(self, known: Known, running: Sequence[Running], *, spent: bool) -> _Hunt:
        discarded, _ = warm_up(self._plan, known)
        notes = []
        if any(isinstance(reading.judgement, Undecided) for reading in known.readings):
            notes.append(_BUSY)
        if discarded:
            notes.append(f"first runs are slower: {discarded} discarded before each measured run")
        return _Hunt(self._plan, usable(self._plan, known), running, spent, self._beliefs, notes)

    def belief(self, known: Known) -> Belief:
        """What the readings say about the candidates."""
        return self._beliefs.of(usable(self._plan, known))

    def with_ends(self, known: Known, request: Request) -> Request:
        """The request with what its run needs: readings to compare with, and runs to discard first."""
        discard, looks = warm_up(self._plan, known)
        known = usable(self._plan, known)
        by_verdict = request.role is Role.SEARCH and self._plan.ratio is None
        presumes = by_verdict and self._beliefs.of(known).trust.presumed
        ends = endpoints_for(self._plan, known, request.commit, request.role, presumes=presumes)
        asked = replace(request, endpoints=ends, warm_up=discard, looks=looks)
        return reviewed_by(asked, self._plan.good[0], self._plan.bad, known.readings)


def _ended_by_load(step: Step, known: Known) -> Step:
    """The step once the time is over: nothing is tested again because the machine was too busy."""
    busy = {(r.commit, r.role) for r in known.readings if isinstance(r.judgement, Undecided)}
    if isinstance(step, Read) and any((one.commit, one.role) in busy for one in step.requests):
        return Conclude(Inconclusive("the machine was too busy to judge every run before the time was over"))
    return step


@dataclass
class _Hunt:
    """One decision: the plan, what is known, and what is running now."""

    plan: Plan
    known: Known
    running: Sequence[Running]
    spent: bool
    beliefs: Beliefs
    notes: list[str] = field(default_factory=list)
    step: float | None = None
    """The ratio between the endpoints, once it is established; None for verdicts."""

    def premise(self) -> Step | None:
        """The next step to establish that the endpoints differ as the user says; None once they do."""
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
                return self._read([self._premise(end, clean=True)])
        decision = fix_premise.decide(plan, good, bad, doubted=self._contradict_each_other)
        if isinstance(decision, premise.Established):
            self.step = decision.effect.ratio if decision.effect else None
            figures = f": {plan.terms.over} {decision.effect}" if decision.effect else ""
            self.notes.append(f"premise established{figures}")
            return None
        if isinstance(decision, MoreReadings):
            return self._read_endpoints(decision, good, bad)
        unchecked = distrust.to_check(plan, decision, good, bad)
        if unchecked and not self._out_of_budget:
            return self._read([self._premise(unchecked, clean=True)])
        return self._conclude(with_endings(decision, good, bad))

    def _read_endpoints(
        self, decision: MoreReadings, good: Sequence[Reading], bad: Sequence[Reading]
    ) -> Step:
        if self._out_of_budget:
            busy = ": the machine was too busy to judge some runs" if _BUSY in self.notes else ""
            return self._conclude(Inconclusive(f"the budget ran out before the premise was decided{busy}"))
        clean = self.plan.ratio is None and distrust.is_surprising(good, bad)
        wanted = [self.plan.good[0] if decision.of_good else self.plan.bad]
        # An endpoint without a reading needs one, however the other turns out.
        if not self.plan.in_turn:
            wanted += [end for end, taken in ((self.plan.good[0], good), (self.plan.bad, bad)) if not taken]
        return self._read(self._premise(end, clean=clean) for end in wanted)

    def merge_bases(self) -> Step | None:
        """The next step to check the commits that must be good; None once all are."""
        old, new = self.plan.terms.old, self.plan.terms.new
        for commit in (*self.plan.merge_bases, *self.plan.good[1:]):
            readings = self.known.of(commit, Role.MERGE_BASE)
            kind = kind_of(self.plan, readings, self.step)
            if kind is Kind.OPEN:
                return self._read([self._request(commit, Role.MERGE_BASE, self._reference)])
            if kind is Kind.UNTESTABLE:
                self.notes.append(
                    f"{commit[:12]} must be {old} but cannot be tested; assuming that it is {old}"
                )
            elif kind is Kind.NEW and commit in self.plan.good:
                why = readings[-1].judgement.why
                return self._conclude(
                    GoodIsBad(f"the {old} endpoint {commit[:12]} is already judged {new}: {why}")
                )
            elif kind is Kind.NEW:
                return self._conclude(MergeBaseIsBad(commit, readings[-1].judgement.why))
        return None

    def search(self) -> Step:
        """The search over the candidates, and the confirmation of what it finds."""
        belief = self.beliefs.of(self.known)
        if belief.plan.left_out:
            self.notes.append(left_out_note(belief.plan))
        if not belief.trust.exact:
            self.notes.append(_CONTRADICTED)
        elif not belief.trust.presumed and not belief.trust.voided:
            self.notes.append(_PRESUMED)
        if warning := small_step(self.plan, self.known.readings, belief):
            self.notes.append(warning)
        found = belief.conclusion
        if found is None:
            return self._propose(belief)
        if isinstance(found, core.AnyOf) and (again := too_busy(belief, found, self.known.readings)):
            return self._ask_again(belief, again)
        if isinstance(found, core.FirstBad | core.AnyOf):
            return self._confirm(belief, found)
        return self._conclude(translated(self.plan, belief, found, self.known.readings))

    def _ask_again(self, belief: Belief, commit: str) -> Step:
        """Read again a commit that a busy machine left undecided, since nothing else tells more."""
        if self._out_of_budget:
            return self._conclude(undecided(SPENT, belief))
        return self._read([self._request(commit, Role.SEARCH, self._reference)])

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
        """The belief to choose by: overdue searches that are still informative count as bad."""
        telling = []
        for one in self.running:
            if one.overdue and belief.tells(one.request.commit):
                telling.append(one.request)
                belief = belief.supposing_bad(one.request.commit)
        return belief, telling

    def _incomplete(self, pending: Sequence[str]) -> str | None:
        """A commit of the search that still lacks some of its first pairs."""
        if self.plan.ratio is None:
            return None
        for commit in {r.commit: None for r in self.known.readings if r.role is Role.SEARCH}:
            readings = self.known.of(commit)
            complete = len(readings) + pending.count(commit) >= self.plan.repeats.first
            if not complete and len(premise.measured(readings)) == len(readings):
                return commit
        return None

    def _confirm(self, belief: Belief, found: core.FirstBad | core.AnyOf) -> Step:
        step = confirm(belief, found, self.known)
        if isinstance(step, FirstBad) and self.plan.ratio is None and not belief.trust.exact:
            doubt = of_two_causes(self.plan, step, self.known.readings)
            if isinstance(doubt, Inconclusive):
                return self._conclude(doubt)
            if doubt and not self._out_of_budget:
                return self._read(self._request(commit, Role.SEARCH) for commit in doubt)
        if not isinstance(step, list):
            return self._conclude(step)
        if step[0].role is Role.SEARCH:
            self.notes.append(_MISLED)
        return self._read(replace(one, clean=one.clean or self._distrusts) for one in step)

    @property
    def _distrusts(self) -> bool:
        """Whether a clean build behaved differently from earlier ones, so that every build must be clean."""
        return distrust.is_due(self.plan, self.known.readings)

    @property
    def _contradict_each_other(self) -> bool:
        """Whether verdicts of the search contradict each other, so that the endpoints need more readings."""
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

    def _premise(self, end: str, *, clean: bool) -> Request:
        return self._request(end, Role.PREMISE, self._reference, clean=clean)

    def _request(self, commit: str, role: Role, against: str = "", *, clean: bool = False) -> Request:
        return Request(commit, role, against, clean or self._distrusts)

    def _read(self, requests: Iterable[Request]) -> Read:
        return Read(tuple(dict.fromkeys(requests)), tuple(self.notes))

    def _conclude(self, conclusion: Conclusion) -> Conclude:
        return Conclude(conclusion, tuple(self.notes))
