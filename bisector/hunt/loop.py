"""The loop: premise, search, confirmation, conclusion; it decides from readings and asks for more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from bisector import search as core
from bisector.hunt import confirmation, premise
from bisector.hunt.belief import Belief
from bisector.hunt.conclusion import (
    Conclusion,
    Effect,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
)
from bisector.hunt.effect import estimate
from bisector.hunt.events import Concluded, Listener, Noted, ProbeBegan, ReadingTaken, SearchMoved
from bisector.hunt.outlook import SPENT, seconds_left, small_step, translated, undecided
from bisector.hunt.plan import Plan
from bisector.predicate import Ending, Measured
from bisector.probe.early import Endpoints
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


class Engine(Protocol):
    """Where commits are read."""

    @property
    def jobs(self) -> int:
        """How many readings may be under way at once; 1 for measured ones, which disturb each other."""
        ...

    def begin(self, request: Request) -> None:
        """Have a commit read."""
        ...

    def finished(self) -> Reading:
        """The next reading that comes to its end, of those begun; waits for it.

        Raises `InfrastructureFault` when no reading can be had; a fault is never a judgement.
        """
        ...

    def give_up(self, commit: str) -> None:
        """Forget the readings of a commit that are under way: nothing comes of them any more."""
        ...

    def build_ahead(self, commits: Sequence[str]) -> None:
        """Build these, likeliest first, while others are tested; in place of those named before."""
        ...


class Loop:
    """One hunt, started or resumed: `readings` are those already in the journal.

    `record` is called with every new reading before the next is asked for; `clock` gives seconds.
    """

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        readings: Sequence[Reading],
        record: Callable[[Reading], None],
        listener: Listener,
        clock: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._record = record
        self._tell = listener
        self._clock = clock
        self._start = clock()
        self.readings = list(readings)
        self.premise: Effect | None = None

    def run(self) -> Conclusion:
        """Go on until a conclusion, and tell it."""
        conclusion = self._endpoints() or self._merge_bases() or self._search()
        self._tell(Concluded(conclusion))
        return conclusion

    def check(self) -> Conclusion | None:
        """Read the endpoints only; the conclusion if they leave nothing to search for."""
        conclusion = self._endpoints()
        if conclusion is not None:
            self._tell(Concluded(conclusion))
        return conclusion

    @property
    def _reference(self) -> str:
        return self._plan.good[0] if self._plan.ratio is not None else ""

    def _endpoints(self) -> Conclusion | None:
        plan = self._plan
        while True:
            good = self._readings_of(plan.good[0], Role.PREMISE)
            bad = self._readings_of(plan.bad, Role.PREMISE)
            decision = premise.decide(good, bad, plan.repeats, plan.ratio)
            if isinstance(decision, premise.Established):
                self.premise = decision.effect
                figures = f": bad over good {decision.effect}" if decision.effect else ""
                self._tell(Noted(f"premise established{figures}"))
                return None
            if not isinstance(decision, premise.MoreReadings):
                return decision
            if self._out_of_budget():
                return Inconclusive("the budget was spent before the premise was decided")
            commit = plan.good[0] if decision.of_good else plan.bad
            self._read(commit, Role.PREMISE, self._reference)

    def _merge_bases(self) -> Conclusion | None:
        for commit in (*self._plan.merge_bases, *self._plan.good[1:]):
            side = self._side(commit)
            if side is None:
                self._tell(Noted(f"{commit[:12]}, where good and bad part, cannot be tested; taken for good"))
            elif side:
                why = self._readings_of(commit, Role.MERGE_BASE)[-1].judgement.why
                if commit in self._plan.good:
                    return GoodIsBad(f"the good endpoint {commit[:12]} is judged bad already: {why}")
                return MergeBaseIsBad(commit, why)
        return None

    def _side(self, commit: str) -> bool | None:
        """Whether a commit that must be good is bad; None where it cannot be tested."""
        while True:
            readings = self._readings_of(commit, Role.MERGE_BASE)
            if readings and not isinstance(readings[-1].judgement, Measured):
                verdict = confirmation.by_verdict(readings, bad_expected=True)
                return (
                    None
                    if isinstance(verdict, confirmation.Unknown)
                    else isinstance(verdict, confirmation.Holds)
                )
            ratios = premise.measured(readings)
            if len(ratios) >= self._plan.repeats.least:
                effect = estimate(ratios)
                middle = self._middle()
                if not effect.low <= middle <= effect.high or len(ratios) >= self._plan.repeats.most:
                    return effect.ratio > middle
            self._read(commit, Role.MERGE_BASE, self._reference)

    def _search(self) -> Conclusion:
        while True:
            belief = Belief(self._plan, self.readings)
            warning = small_step(self._plan, self.readings, belief)
            if warning:
                self._tell(Noted(warning))
            while belief.conclusion is None:
                if self._out_of_budget():
                    return undecided(SPENT, belief)
                self._probe(belief)
            if belief.contradicts:
                self._tell(Noted("verdicts contradict each other; from here on the test is taken for flaky"))
                continue
            found = belief.conclusion
            if not isinstance(found, core.FirstBad):
                return translated(belief, found, self.readings)
            conclusion = self._confirm(belief, belief.commit(found.commit), found.probability)
            if conclusion is not None:
                return conclusion

    def _probe(self, belief: Belief) -> None:
        commit = self._begun() or belief.propose()
        while True:
            reading = self._read(commit, Role.SEARCH, self._reference, endpoints=self._endpoints_for(commit))
            belief.observe(reading)
            if not self._begun():
                break
        likeliest, probability = next(iter(belief.posterior().items()), ("", 0.0))
        self._tell(
            SearchMoved(
                candidates_left=belief.candidates_left,
                probes_left=belief.probes_left,
                seconds_left=seconds_left(self._plan, self.readings, belief.probes_left),
                likeliest=likeliest,
                probability=probability,
            )
        )

    def _endpoints_for(self, commit: str) -> Endpoints | None:
        """By what to end a run of this commit early; not an endpoint's, and none at a second time.

        Whoever asks again wants the value, and would ask for ever if it got no more than a verdict.
        """
        ended = any(r.run and r.run.ending is Ending.JUDGED for r in self._readings_of(commit))
        if self._plan.ratio is None or ended or commit in (*self._plan.good, self._plan.bad):
            return None
        good, bad = (self._readings_of(c, Role.PREMISE) for c in (self._plan.good[0], self._plan.bad))
        return Endpoints(good, bad)

    def _begun(self) -> str | None:
        """The commit whose first pairs are not complete yet, also when an earlier start was stopped there."""
        if self._plan.ratio is None or self.readings[-1].role is not Role.SEARCH:
            return None
        commit = self.readings[-1].commit
        readings = self._readings_of(commit)
        complete = len(readings) >= self._plan.repeats.first
        return None if complete or len(premise.measured(readings)) < len(readings) else commit

    def _confirm(self, belief: Belief, commit: str, probability: float) -> Conclusion | None:
        """The conclusion, confirmed or given up; None when the search has to go on with what was read."""
        known = len(self.readings)
        verdicts = self._verdicts_against_parents(commit)
        if belief.flaky and len(self.readings) > known:
            # A flaky test may well fail here: its readings count for what they are, no more.
            return None
        failures = [v for v in verdicts.values() if isinstance(v, confirmation.Fails)]
        if failures and not belief.flaky:
            return self._unconfirmed(commit, probability, failures[0].why)
        own = verdicts.pop(commit, confirmation.Holds())
        held = {p: v for p, v in verdicts.items() if isinstance(v, confirmation.Holds)}
        effects = [v.effect for v in held.values() if v.effect]
        return FirstBad(
            commit=commit,
            probability=probability,
            confirmed=bool(held) and not failures and isinstance(own, confirmation.Holds),
            effect=min(effects, key=lambda effect: effect.ratio) if effects else None,
            parents_good=tuple(held),
        )

    def _unconfirmed(self, commit: str, probability: float, why: str) -> Conclusion | None:
        if self._confirmed_in_vain(commit):
            return Inconclusive(
                f"{commit[:12]} is the likeliest, but built clean it is no step: {why}",
                (commit,),
                (probability,),
            )
        self._tell(Noted(f"the confirmation does not hold ({why}); reading again what misled the search"))
        for suspect in (commit, *self._plan.parents[commit]):
            for _ in range(self._plan.repeats.least if self._plan.ratio is not None else 1):
                self._read(suspect, Role.SEARCH, self._reference, fresh=True)
        return None

    def _verdicts_against_parents(self, commit: str) -> dict[str, confirmation.Verdict]:
        """By parent; for verdicts also of the commit itself."""
        parents = self._plan.parents[commit]
        if self._plan.ratio is not None:
            return {parent: self._paired_verdict(commit, parent) for parent in parents}
        own = {commit: self._fresh_verdict(commit, bad_expected=True)}
        return own | {parent: self._fresh_verdict(parent, bad_expected=False) for parent in parents}

    def _paired_verdict(self, commit: str, parent: str) -> confirmation.Verdict:
        ratio = self._plan.ratio or 1.0
        while True:
            readings = [r for r in self._readings_of(commit, Role.CONFIRMATION) if r.against == parent]
            verdict = confirmation.against_parent(readings, self._plan.repeats, ratio)
            if not isinstance(verdict, premise.MoreReadings):
                return verdict
            self._read(commit, Role.CONFIRMATION, parent, fresh=True)

    def _fresh_verdict(self, commit: str, *, bad_expected: bool) -> confirmation.Verdict:
        readings = self._readings_of(commit, Role.CONFIRMATION)
        if not readings:
            self._read(commit, Role.CONFIRMATION, fresh=True)
            readings = self._readings_of(commit, Role.CONFIRMATION)
        return confirmation.by_verdict(readings, bad_expected=bad_expected)

    def _confirmed_in_vain(self, commit: str) -> bool:
        """Whether the search was already sent on once after this commit's confirmation failed."""
        read = [r.role for r in self._readings_of(commit)]
        return Role.CONFIRMATION in read and read[-1] is not Role.CONFIRMATION

    def _read(
        self,
        commit: str,
        role: Role,
        against: str = "",
        *,
        fresh: bool = False,
        endpoints: Endpoints | None = None,
    ) -> Reading:
        self._tell(ProbeBegan(commit, role))
        self._engine.begin(Request(commit, role, against, fresh, endpoints))
        reading = self._engine.finished()
        self._record(reading)
        self.readings.append(reading)
        self._tell(ReadingTaken(reading))
        return reading

    def _readings_of(self, commit: str, role: Role | None = None) -> list[Reading]:
        return [r for r in self.readings if r.commit == commit and role in (None, r.role)]

    def _middle(self) -> float:
        return math.sqrt(self.premise.ratio) if self.premise else math.sqrt(self._plan.ratio or 1.0)

    def _out_of_budget(self) -> bool:
        budget = self._plan.budget
        if budget.seconds is not None and self._clock() - self._start >= budget.seconds:
            return True
        probes = len({r.commit for r in self.readings if r.role is Role.SEARCH})
        return budget.probes is not None and probes >= budget.probes
