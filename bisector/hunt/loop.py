"""The loop: has taken what the course of a hunt asks for, and beside it what it may ask for next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.course import Course
from bisector.hunt.events import Concluded, Listener, ProbeBegan, ReadingTaken, SearchMoved
from bisector.hunt.foresight import Foresight, Tests
from bisector.hunt.outlook import seconds_left
from bisector.hunt.plan import Plan
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

    def finished(self, longest: float | None = None) -> tuple[Request, Reading] | None:
        """The next reading that comes to its end, of those begun; waits for it, at most `longest` seconds.

        Raises `InfrastructureFault` when no reading can be had; a fault is never a judgement.
        """
        ...

    def give_up(self, request: Request) -> None:
        """Forget a reading that is under way: nothing comes of it any more."""
        ...

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Build for these, likeliest first, while others are tested; in place of those named before."""
        ...


class Loop:
    """One hunt, started or resumed: `readings` are those already in the journal.

    `record` is called with every new reading before the next is asked for; `clock` gives seconds, `tests`
    hears what the engine tells of its steps. An engine of several jobs also reads what the hunt will ask for
    if the readings under way turn out as expected; such a reading is recorded once the hunt does ask for it.
    """

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        readings: Sequence[Reading],
        record: Callable[[Reading], None],
        listener: Listener,
        clock: Callable[[], float],
        tests: Tests | None = None,
    ) -> None:
        start = clock()
        limit = plan.budget.seconds
        self._plan = plan
        self._engine = engine
        self._record = record
        self._tell = listener
        self._course = Course(
            plan, readings, spent=lambda: limit is not None and clock() - start >= limit, tell=listener
        )
        self._foresight = Foresight(plan, clock, tests or Tests(clock))
        for reading in readings:
            self._foresight.learn(reading)

    @property
    def readings(self) -> list[Reading]:
        """All readings so far, oldest first."""
        return self._course.readings

    def run(self) -> Conclusion:
        """Go on until a conclusion, and tell it."""
        conclusion = self._follow(self._course.next)
        if conclusion is None:
            raise RuntimeError("the hunt asks for nothing and has no conclusion")
        self._tell(Concluded(conclusion))
        return conclusion

    def check(self) -> Conclusion | None:
        """Read the endpoints only; the conclusion if they leave nothing to search for."""
        conclusion = self._follow(self._course.next_of_premise)
        if conclusion is not None:
            self._tell(Concluded(conclusion))
        return conclusion

    def _follow(self, ask: Callable[[], Request | Conclusion | None]) -> Conclusion | None:
        searching = ask == self._course.next
        while True:
            self._course.pending = self._foresight.pending
            request = self._only_one() or ask()
            if request is None or (isinstance(request, Request) and request.role is Role.SEARCH):
                request = self._foresight.awaited(self._course) or request
            if isinstance(request, Request):
                if self._take_early(request):
                    continue
                self._begin(request, beyond=searching)
            elif request is not None or not self._foresight.under_way:
                for left in self._foresight.under_way:
                    self._give_up(left)
                return request
            elif searching:
                self._begin_all(self._foresight.beside(self._course, self._engine.jobs))
            self._wait(request)

    def _only_one(self) -> Request | None:
        """What is under way where nothing else can be: whatever was learned meanwhile, it is waited for."""
        under_way = self._foresight.under_way
        return under_way[0] if under_way and self._engine.jobs == 1 else None

    def _begin(self, request: Request, *, beyond: bool) -> None:
        """Have `request` read, and what may be asked for beside it as far as there is room."""
        course, room = self._course, self._engine.jobs
        for idle in self._foresight.moot(course, request):
            self._give_up(idle)
        wanted = self._foresight.wanted(course, request, room) if beyond and room > 1 else [request]
        for idle in self._foresight.in_vain(wanted):
            self._give_up(idle)
        if request not in self._foresight.under_way and len(self._foresight.under_way) >= room:
            searching = request.role is Role.SEARCH
            least = [one for one in self._foresight.under_way if one not in wanted]
            # What a search under way may still tell is worth as much as what another one would.
            if not searching or any(one.role is not Role.SEARCH for one in least):
                self._give_up((least or self._foresight.under_way)[-1])
        self._begin_all(wanted)
        if beyond:
            self._engine.build_ahead(lambda: self._foresight.likely_next(course, request))

    def _begin_all(self, requests: Sequence[Request]) -> None:
        """Have these read that are not under way yet, as far as there is room."""
        for one in requests:
            under_way = self._foresight.under_way
            if one not in under_way and len(under_way) < self._engine.jobs:
                self._tell(ProbeBegan(one.commit, one.role))
                # What was supposed to come of other readings is nothing to end a run by.
                self._engine.begin(replace(one, endpoints=self._course.endpoints_for(one.commit, one.role)))
                self._foresight.begun(one)

    def _give_up(self, request: Request) -> None:
        self._engine.give_up(request)
        self._foresight.forget(request)

    def _wait(self, request: Request | None) -> None:
        """Wait for the next reading, or until those under way are worth another look."""
        done = self._engine.finished(self._foresight.patience if self._engine.jobs > 1 else None)
        if done is None:
            return
        self._foresight.forget(done[0])
        asked_for = request is None or request.role is Role.SEARCH
        if request == done[0] or (asked_for and done[0].role is Role.SEARCH):
            self._take(done[1], request)
        else:
            self._foresight.early.append(done)

    def _take_early(self, request: Request) -> bool:
        """Record what was read before it was asked for; whether anything was."""
        found = [
            one
            for one in self._foresight.early
            if one[0] == request or (one[0].role is Role.SEARCH and request.role is not Role.PREMISE)
        ]
        for one in found:
            self._foresight.early.remove(one)
            self._take(one[1], request)
        return bool(found)

    def _take(self, reading: Reading, request: Request | None) -> None:
        if request and request.about and reading.role is request.role is Role.CONFIRMATION:
            # Read early, it may have been for another commit's sake.
            reading = replace(reading, about=request.about)
        self._record(reading)
        self._course.readings.append(reading)
        self._foresight.learn(reading)
        self._tell(ReadingTaken(reading))
        if reading.role is Role.SEARCH:
            self._tell(self._moved())

    def _moved(self) -> SearchMoved:
        belief = self._course.belief
        likeliest, probability = next(iter(belief.posterior().items()), ("", 0.0))
        return SearchMoved(
            candidates_left=belief.candidates_left,
            probes_left=belief.probes_left,
            seconds_left=seconds_left(self._plan, self.readings, belief.probes_left),
            likeliest=likeliest,
            probability=probability,
        )
