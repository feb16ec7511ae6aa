"""What a hunt will ask for once the readings under way have come to their end, as far as that can be told.

Of a search reading nothing is known at first, so that what is read beside it is chosen jointly with it. One
whose test takes longer than those of good commits is taken for bad, and one of an endpoint or of the
confirmation for what it is expected to be. Only choices rest on this, never conclusions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeGuard

from bisector.hunt.confirmation import QUICK_RUNS
from bisector.hunt.costs import Seconds, seconds_of
from bisector.hunt.course import Course
from bisector.hunt.events import Event, StepBegan
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured, Run, Untestable
from bisector.probe.reading import BuildKind, Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step

OVERDUE = 1.5
"""Times the longest test of a good commit after which a search reading is taken for bad."""
DEARER = 3.0
"""Times what a good commit takes that a bad one is expected to take, for want of knowledge: its run is ended
early."""
_LEAST_PATIENCE = 0.1
_STEPS = (Step.LAYING_OUT, Step.BUILDING, Step.BUILDING_CLEAN, Step.TESTING_REFERENCE, Step.TESTING)
"""What a reading that is under way is at."""
_AHEAD = 3
"""Readings whose builds are looked out for."""
_LARGEST = 4096
"""Candidates beyond which looking ahead costs more than it brings."""


class Tests:
    """When the tests that are under way began, heard from what the engine tells of its steps."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: dict[str, float | None] = {}

    def hear(self, event: Event) -> None:
        """Take note of a step."""
        if isinstance(event, StepBegan) and event.step in _STEPS:
            self._began[event.commit] = self._clock() if event.step is Step.TESTING else None

    def forget(self, commit: str) -> None:
        """What was heard of an earlier test of the commit no longer counts."""
        self._began.pop(commit, None)

    def began(self, request: Request, asked: float) -> float | None:
        """When the test of a request began that was asked for then; None while it is being built.

        An engine that does not tell its steps is taken to begin with the test at once.
        """
        return self._began.get(request.commit, asked)


class Foresight:
    """What is under way in one hunt, and what may follow; `clock` gives seconds."""

    def __init__(self, plan: Plan, clock: Callable[[], float], tests: Tests) -> None:
        self._plan = plan
        self._clock = clock
        self._tests = tests
        self._since: dict[Request, float] = {}
        self._good: list[float] = []
        self._seconds: Seconds | None = None
        self._learned: list[Reading] = []
        self.early: list[tuple[Request, Reading]] = []
        """Readings that came to their end before they were asked for."""

    @property
    def under_way(self) -> list[Request]:
        """What was begun and is not over."""
        return list(self._since)

    @property
    def pending(self) -> tuple[str, ...]:
        """The commits of the searches under way."""
        return tuple(request.commit for request in self._since if request.role is Role.SEARCH)

    def awaited(self, course: Course) -> Request | None:
        """A search that is overdue and still tells something: the hunt goes by what will come of it."""
        return next((one for one in self._overdue if not _tells_nothing(course, one.commit)), None)

    @property
    def patience(self) -> float | None:
        """Seconds after which what is under way is worth another look; None where it will not be."""
        if not self._good:
            return None
        open_ones = [
            OVERDUE * max(self._good) - self._tested_for(request)
            for request in self._since
            if request.role is Role.SEARCH and not self._is_overdue(request)
        ]
        return max(min(open_ones), _LEAST_PATIENCE) if open_ones else None

    def begun(self, request: Request) -> None:
        """Take note of a reading that is under way."""
        self._tests.forget(request.commit)
        self._since[request] = self._clock()

    def forget(self, request: Request) -> None:
        """It is over, or given up."""
        self._since.pop(request, None)

    def learn(self, reading: Reading) -> None:
        """Take note of what builds and tests take."""
        self._learned.append(reading)
        self._seconds = None
        at_good = reading.commit in self._plan.good and not isinstance(reading.judgement, Bad)
        is_good = isinstance(reading.judgement, Good) or at_good
        if is_good and reading.run:
            self._good.append(reading.run.wall)

    def wanted(self, course: Course, first: Request, most: int) -> list[Request]:
        """`first` and what may be asked for after it, each once: what is under way, and new ones.

        As many as there are places for, `most`: first what is under way, then commits not named yet.
        """
        chain = [first]
        for _ in range(2 * most + 2 if self._is_small else 0):
            if_so = self._if_as_expected(course, chain)
            ahead = if_so.next()
            if not _is_foreseen(ahead) or _contradicts(course, if_so):
                break
            chain.append(ahead)
        commits = [request.commit for request in chain]
        before = [commits[:at].count(commit) for at, commit in enumerate(commits)]
        ranked = sorted(range(len(chain)), key=lambda at: (chain[at] not in self._since, before[at]))
        return list(dict.fromkeys(chain[at] for at in ranked))[:most]

    def beside(self, course: Course, most: int) -> list[Request]:
        """What may be asked for where nothing else is, if the searches under way turn out in some way."""
        searches = [one for one in self._since if one.role is Role.SEARCH]
        known = [self._dearest_to_wait_for(course, one) for one in searches]
        found: list[Request] = []
        while self._is_small and len(self._since) + len(found) < most:
            if_so = self._supposing(course, known)
            ahead = if_so.next()
            if not _is_foreseen(ahead) or ahead in found or _contradicts(course, if_so):
                break
            known += _all_runs(self._expected(ahead))
            if ahead not in self._since:
                found.append(ahead)
        return found

    def moot(self, course: Course, request: Request) -> list[Request]:
        """Searches under way that can tell no more, now that the hunt asks for `request`.

        Nor can those which the expected end of one that is overdue would make needless.
        """
        overdue = self._overdue if self._is_small else []
        if overdue:
            course = self._supposing(course, [self._expected(one) for one in overdue])
        return [
            one
            for one in self._since
            if one.role is Role.SEARCH
            and one != request
            and (
                request.role is Role.CONFIRMATION
                or (one not in overdue and _tells_nothing(course, one.commit))
            )
        ]

    def in_vain(self, wanted: Sequence[Request]) -> list[Request]:
        """What is under way for something that did not come true."""
        return [one for one in self._since if one not in wanted and one.role is not Role.SEARCH]

    def likely_next(self, course: Course, request: Request) -> list[Request]:
        """What may be asked for after `request`, likeliest first, but for the commits under way."""
        if not self._is_small:
            return []
        under_way = {other.commit for other in self._since}
        pending = [r.commit for r in self._since if r.role is Role.SEARCH and r != request]
        found: list[Request] = []
        paths: list[tuple[float, Request, list[Reading]]] = [(1.0, request, [])]
        for _ in range(_AHEAD):
            if not paths or len(found) >= _AHEAD:
                break
            probability, asked, assumed = paths.pop(paths.index(max(paths, key=lambda path: path[0])))
            for share, reading in self._outcomes(course, asked):
                readings = [*assumed, *_all_runs(reading)]
                ahead = self._supposing(course, readings, pending).next()
                if isinstance(ahead, Request):
                    paths.append((probability * share, ahead, readings))
                    if ahead not in found and (ahead.fresh or ahead.commit not in under_way):
                        found.append(ahead)
        return found

    @property
    def _is_small(self) -> bool:
        return len(self._plan.every_candidate) <= _LARGEST

    def _if_as_expected(self, course: Course, chain: Sequence[Request]) -> Course:
        """The course with all of these, and all searches under way, read as expected or pending."""
        searches = [r for r in self._since if r.role is Role.SEARCH and r not in chain]
        open_ones, known = [], []
        for request in (*searches, *chain):
            if request.role is Role.SEARCH and not self._is_overdue(request):
                open_ones.append(request.commit)
            else:
                known += _all_runs(self._expected(request))
        return self._supposing(course, known, open_ones)

    def _supposing(self, course: Course, known: Sequence[Reading], pending: Sequence[str] = ()) -> Course:
        """The course with what was read early and what is `known` besides."""
        ahead = [*(reading for _, reading in self.early), *known]
        return Course(self._plan, [*course.readings, *ahead], pending=pending)

    @property
    def _overdue(self) -> list[Request]:
        return [one for one in self._since if one.role is Role.SEARCH and self._is_overdue(one)]

    def _is_overdue(self, request: Request) -> bool:
        if request not in self._since or not self._good:
            return False
        return self._tested_for(request) > OVERDUE * max(self._good)

    def _tested_for(self, request: Request) -> float:
        began = self._tests.began(request, self._since[request])
        return self._clock() - began if began is not None else 0.0

    def _expected(self, request: Request) -> Reading:
        bad_end = request.commit == self._plan.bad and request.role is Role.PREMISE
        is_answer = request.role is Role.CONFIRMATION and request.about == request.commit
        bad = bad_end or is_answer or request.role is Role.SEARCH
        return self._taken(request, good=not bad)

    def _outcomes(self, course: Course, request: Request) -> list[tuple[float, Reading]]:
        """How a reading may turn out, with probabilities, the likelier first."""
        if request.role is Role.SEARCH:
            prospect = course.belief.prospect(request.commit)
            bad, untestable = (prospect.bad, prospect.untestable) if prospect else (0.5, 0.0)
        else:
            bad, untestable = float(isinstance(self._expected(request).judgement, Bad)), 0.0
        unread = replace(self._taken(request, good=True), judgement=Untestable("expected"), run=None)
        every = [
            ((1 - untestable) * (1 - bad), self._taken(request, good=True)),
            ((1 - untestable) * bad, self._taken(request, good=False)),
            (untestable, unread),
        ]
        return sorted([one for one in every if one[0] > 0], key=lambda one: -one[0])

    def _dearest_to_wait_for(self, course: Course, request: Request) -> Reading:
        """The outcome that it saves most to have been right about: likely, and long in coming."""
        outcomes = self._outcomes(course, request)
        return max(outcomes, key=lambda one: one[0] * (one[1].run.wall if one[1].run else 0.0))[1]

    def _taken(self, request: Request, good: bool) -> Reading:
        paired_good = good and self._plan.ratio is not None
        judgement: Judgement = Good("expected") if good else Bad("expected")
        self._seconds = self._seconds or seconds_of(self._plan, self._learned)
        usual = self._seconds
        run = Run(usual.good if good else self._of_bad(usual), 0.0, 0.0) if usual else None
        return Reading(
            request.commit,
            request.role,
            Measured(1.0, "expected") if paired_good else judgement,
            datetime.now(UTC),
            # The costs, by which the next commit is chosen, are to be what they will be.
            run=run,
            build_seconds=usual.build if usual else 0.0,
            build=BuildKind.INCREMENTAL,
            against=request.against,
            about=request.about,
        )

    def _of_bad(self, usual: Seconds) -> float:
        """Seconds that the test of a bad commit takes."""
        return usual.bad if usual.bad != usual.good else DEARER * usual.good


def _all_runs(reading: Reading) -> list[Reading]:
    """A confirmation is made of several runs, one after the other: what comes after them is foreseen."""
    return [reading] * (QUICK_RUNS if reading.role is Role.CONFIRMATION else 1)


def _is_foreseen(ahead: object) -> TypeGuard[Request]:
    """Whether the hunt goes on with a reading, and not because a confirmation has not held."""
    return isinstance(ahead, Request) and not (ahead.role is Role.SEARCH and ahead.fresh)


def _contradicts(course: Course, if_so: Course) -> bool:
    """Whether what was supposed makes verdicts contradict each other, which nobody expects."""
    return (if_so.flaky and not course.flaky) or (course.presumes and not if_so.presumes)


def _tells_nothing(course: Course, commit: str) -> bool:
    prospect = course.belief.prospect(commit)
    return prospect is None or prospect.bits <= 0
