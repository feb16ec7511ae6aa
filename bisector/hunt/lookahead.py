"""Predicts what a hunt wants next, so that jobs and the builder need not wait for the decision.

A running search may turn out either way, so readings next to it are chosen jointly with it; an endpoint or a
confirmation is expected to turn out as the hunt believes. This affects only the order of work, never an
answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bisector.hunt.decide.belief import Trust
from bisector.hunt.decide.costs import Seconds, seconds_of
from bisector.hunt.decide.endpoint_runs import are_awaited
from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Read, Running, Wait
from bisector.hunt.decide.verdicts import QUICK_RUNS
from bisector.hunt.events import Event, StepBegan
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured, Run, Untestable
from bisector.probe.reading import BuildKind, Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step as ProbeStep

OVERDUE = 1.5
"""A running search is expected to be bad after this many times the longest test of a good commit."""
DEARER = 3.0
"""Assumed cost of a bad test as a multiple of a good one, if unknown: its run is ended early."""
_LEAST_PATIENCE = 0.1
_STEPS = (
    ProbeStep.LAYING_OUT,
    ProbeStep.SETTING_UP,
    ProbeStep.BUILDING,
    ProbeStep.BUILDING_CLEAN,
    ProbeStep.TESTING_REFERENCE,
    ProbeStep.TESTING,
)
_FUTURES = 3
"""Number of likeliest futures to follow, and of builds to prefetch."""
_LARGEST = 4096
"""With more candidates, looking ahead costs more than it saves."""


class Stopwatch:
    """How long each running reading has been testing, from the steps that the engine reports."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: dict[Request, float] = {}
        self._testing: dict[str, float | None] = {}

    def hear(self, event: Event) -> None:
        """Record a step."""
        if isinstance(event, StepBegan) and event.step in _STEPS:
            self._testing[event.commit] = self._clock() if event.step is ProbeStep.TESTING else None

    def begun(self, request: Request) -> None:
        """A reading begins; discards earlier steps of its commit."""
        self._began[request] = self._clock()
        self._testing.pop(request.commit, None)

    def tested_for(self, request: Request) -> float:
        """Seconds of the test so far, 0 while the commit is being built.

        If the engine reports no steps, the test counts as started with the reading.
        """
        since = self._testing.get(request.commit, self._began.get(request))
        return self._clock() - since if since is not None else 0.0


class Lookahead:
    """Adds readings and builds that one hunt may want next, unless its range is too long for that."""

    def __init__(self, plan: Plan, stopwatch: Stopwatch) -> None:
        self._plan = plan
        self.stopwatch = stopwatch
        self._is_small = len(plan.every_candidate) <= _LARGEST
        self._known = Decider(plan)
        self._trust = Trust()

    def running(self, known: Known, requests: Sequence[Request]) -> list[Running]:
        """The running readings, with overdue searches marked."""
        longest = self._longest_good(known)
        return [
            Running(one, overdue=longest is not None and self._time_left(one, longest) < 0)
            for one in requests
        ]

    def patience(self, known: Known, running: Sequence[Request]) -> float | None:
        """Seconds until the first running search is overdue; None if none will be."""
        longest = self._longest_good(known)
        if longest is None:
            return None
        left = [self._time_left(one, longest) for one in running]
        left = [seconds for seconds in left if 0 <= seconds < math.inf]
        return max(min(left), _LEAST_PATIENCE) if left else None

    def more(self, known: Known, step: Read | Wait, running: Sequence[Running], places: int) -> list[Request]:
        """What the step wants, then readings that may be wanted next, up to `places` in all."""
        wanted = list(step.requests)
        if not self._is_small or places == 1 or self._awaits_ends(known):
            return wanted
        belief = self._known.belief(known)
        self._trust = belief.trust
        if all(one.role is not Role.SEARCH for one in wanted):
            # Before the premise is established, the step does not list searches that already run.
            searches = [r.request for r in running if r.request.role is Role.SEARCH]
            wanted += [one for one in searches if belief.tells(one.commit)]
        overdue = {r.request for r in running if r.overdue}
        pending = [one for one in wanted if one.role is Role.SEARCH and one not in overdue]
        for one in wanted:
            if one not in pending:
                known = known.plus(*_all_runs(self._expected(known, one)))
        while len(wanted) < places:
            new = self._wanted_if(known, pending, wanted)
            if new is None and not pending:
                break
            if new is None:
                known = known.plus(self._dearest_to_wait_for(known, pending.pop(0)))
                continue
            wanted.append(new)
            if new.role is Role.SEARCH:
                pending.append(new)
            else:
                known = known.plus(*_all_runs(self._expected(known, new)))
        return wanted

    def builds(self, known: Known, wanted: Sequence[Request]) -> list[Request]:
        """What may be wanted after the first reading ends, likeliest first, without what is wanted now."""
        if not self._is_small or not wanted:
            return []
        self._trust = self._known.belief(known).trust
        first, *others = wanted
        pending = [one for one in others if one.role is Role.SEARCH]
        found = list(others)
        futures: list[tuple[float, Request, Known]] = [(1.0, first, known)]
        for _ in range(_FUTURES):
            if not futures or len(found) >= _FUTURES:
                break
            probability, asked, so_far = futures.pop(futures.index(max(futures, key=lambda one: one[0])))
            for share, outcome in self._outcomes(so_far, asked):
                then = so_far.plus(*_all_runs(outcome))
                new = self._wanted_if(then, pending, [])
                if new is not None:
                    futures.append((probability * share, new, then))
                    if new not in found and (new.clean or new.commit not in [one.commit for one in wanted]):
                        found.append(new)
        return found

    def _awaits_ends(self, known: Known) -> bool:
        """Whether no other reading may begin yet, because it is reviewed by those of the endpoints."""
        return self._plan.in_turn and are_awaited(self._plan.good[0], self._plan.bad, known.readings)

    def _wanted_if(
        self, known: Known, pending: Sequence[Request], wanted: Sequence[Request]
    ) -> Request | None:
        """The next new request if this were known and `pending` ran; None if trust in readings changes."""
        decider = Decider(self._plan)
        step = decider.next(known, [Running(one) for one in pending])
        if not isinstance(step, Read) or decider.belief(known).trust != self._trust:
            return None
        return next((one for one in step.requests if one not in wanted and one not in pending), None)

    def _expected(self, known: Known, request: Request) -> Reading:
        """The expected reading: bad for the bad endpoint, the answer and overdue searches, else good."""
        at_bad = request.commit == self._plan.bad and request.role is Role.PREMISE
        is_answer = request.role is Role.CONFIRMATION and request.about == request.commit
        bad = at_bad or is_answer or request.role is Role.SEARCH
        return self._taken(known, request, good=not bad)

    def _outcomes(self, known: Known, request: Request) -> list[tuple[float, Reading]]:
        """The possible outcomes of a reading with their probabilities, likeliest first."""
        if request.role is Role.SEARCH:
            prospect = Decider(self._plan).belief(known).prospect(request.commit)
            bad, untestable = (prospect.bad, prospect.untestable) if prospect else (0.5, 0.0)
        else:
            bad, untestable = float(isinstance(self._expected(known, request).judgement, Bad)), 0.0
        good = self._taken(known, request, good=True)
        every = [
            ((1 - untestable) * (1 - bad), good),
            ((1 - untestable) * bad, self._taken(known, request, good=False)),
            (untestable, replace(good, judgement=Untestable("expected"), run=None)),
        ]
        return sorted([one for one in every if one[0] > 0], key=lambda one: -one[0])

    def _dearest_to_wait_for(self, known: Known, request: Request) -> Reading:
        """The outcome that saves most time if predicted right: probability times duration."""
        outcomes = self._outcomes(known, request)
        return max(outcomes, key=lambda one: one[0] * (one[1].run.wall if one[1].run else 0.0))[1]

    def _taken(self, known: Known, request: Request, *, good: bool) -> Reading:
        """A hypothetical reading; its costs matter because they affect the choice of the next commit."""
        usual = seconds_of(self._plan, known)
        judgement: Judgement = Good("expected") if good else Bad("expected")
        if good and self._plan.ratio is not None:
            judgement = Measured(1.0, "expected")
        run = Run(usual.good if good else self._of_bad(usual), 0.0, 0.0) if usual else None
        return Reading(
            request.commit,
            request.role,
            judgement,
            datetime.now(UTC),
            run=run,
            build_seconds=usual.build if usual else 0.0,
            build=BuildKind.INCREMENTAL,
            against=request.against,
            about=request.about,
            clean=request.clean,
        )

    def _of_bad(self, usual: Seconds) -> float:
        return usual.bad if usual.bad != usual.good else DEARER * usual.good

    def _longest_good(self, known: Known) -> float | None:
        """Seconds of the longest test of a good commit; None if there was none."""
        good = [
            r.run.wall
            for r in known.readings
            if r.run
            and (
                isinstance(r.judgement, Good)
                or (r.commit in self._plan.good and isinstance(r.judgement, Measured))
            )
        ]
        return max(good, default=None)

    def _time_left(self, request: Request, longest: float) -> float:
        """Seconds until a running search is overdue (negative if it is); infinite for other roles."""
        if request.role is not Role.SEARCH:
            return math.inf
        return OVERDUE * longest - self.stopwatch.tested_for(request)


def _all_runs(reading: Reading) -> list[Reading]:
    """The reading, repeated if it is a confirmation: the next request comes only after several runs."""
    return [reading] * (QUICK_RUNS if reading.role is Role.CONFIRMATION else 1)
