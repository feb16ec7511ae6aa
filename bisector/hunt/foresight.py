"""What a hunt will ask for once the readings under way have come to their end, as far as that can be told.

Of a search reading nothing is known at first, so that what is read beside it is chosen jointly with it. One
that takes far longer than good commits do is taken for bad, and one of an endpoint or of the confirmation
for what it is expected to be. Only choices rest on this, never conclusions.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bisector.hunt.course import Course
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

OVERDUE = 3.0
"""Times the usual time of a good commit after which a search reading is taken for bad."""
_LEAST_PATIENCE = 0.25
_AHEAD = 3
"""Readings whose builds are looked out for."""
_LARGEST = 4096
"""Candidates beyond which looking ahead costs more than it brings."""


class Foresight:
    """What is under way in one hunt, and what may follow; `clock` gives seconds."""

    def __init__(self, plan: Plan, clock: Callable[[], float]) -> None:
        self._plan = plan
        self._clock = clock
        self._since: dict[Request, float] = {}
        self._good: list[float] = []
        self.early: list[tuple[Request, Reading]] = []
        """Readings that came to their end before they were asked for."""

    @property
    def under_way(self) -> list[Request]:
        """What was begun and is not over."""
        return list(self._since)

    @property
    def pending(self) -> tuple[str, ...]:
        """The commits under way whose readings are open; one that is overdue is no longer."""
        return tuple(r.commit for r in self._since if r.role is Role.SEARCH and not self._is_overdue(r))

    @property
    def patience(self) -> float | None:
        """Seconds after which what is under way is worth another look; None where it will not be."""
        usual = self._usual
        if usual is None:
            return None
        waits = [OVERDUE * usual - (self._clock() - since) for since in self._since.values()]
        open_ones = [wait for wait in waits if wait > 0]
        return max(min(open_ones), _LEAST_PATIENCE) if open_ones else None

    def begun(self, request: Request) -> None:
        """Take note of a reading that is under way."""
        self._since[request] = self._clock()

    def forget(self, request: Request) -> None:
        """It is over, or given up."""
        self._since.pop(request, None)

    def learn(self, reading: Reading) -> None:
        """Take note of what a good commit takes."""
        if isinstance(reading.judgement, Good) and reading.run:
            self._good.append(reading.build_seconds + reading.run.wall)

    def wanted(self, course: Course, first: Request, most: int) -> list[Request]:
        """`first` and what may be asked for after it, each once: what is under way, and new ones.

        As many as there are places for, `most`; a commit that was not named yet goes before one that was.
        """
        chain = [first]
        for _ in range(2 * most + 2 if self._is_small else 0):
            if_so = self._if_as_expected(course, chain)
            ahead = if_so.next()
            unexpected = if_so.flaky and not course.flaky
            # Nobody expects a confirmation that does not hold, or verdicts that contradict each other.
            if not isinstance(ahead, Request) or unexpected or (ahead.role is Role.SEARCH and ahead.fresh):
                break
            chain.append(ahead)
        commits = [request.commit for request in chain]
        before = [commits[:at].count(commit) for at, commit in enumerate(commits)]
        ranked = sorted(range(len(chain)), key=lambda at: before[at])
        return list(dict.fromkeys(chain[at] for at in ranked))[:most]

    def moot(self, course: Course, request: Request) -> list[Request]:
        """Searches under way that can tell no more, now that the hunt asks for `request`."""
        return [
            one
            for one in self._since
            if one.role is Role.SEARCH
            and one != request
            and (request.role is Role.CONFIRMATION or _tells_nothing(course, one.commit))
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
                readings = [*assumed, reading]
                ahead = Course(self._plan, [*course.readings, *readings], pending=pending).next()
                if isinstance(ahead, Request):
                    paths.append((probability * share, ahead, readings))
                    if ahead not in found and (ahead.fresh or ahead.commit not in under_way):
                        found.append(ahead)
        return found

    @property
    def _usual(self) -> float | None:
        return statistics.median(self._good) if self._good else None

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
                known.append(self._expected(request))
        early = [reading for _, reading in self.early]
        return Course(self._plan, [*course.readings, *early, *known], pending=open_ones)

    def _is_overdue(self, request: Request) -> bool:
        since, usual = self._since.get(request), self._usual
        return since is not None and usual is not None and self._clock() - since > OVERDUE * usual

    def _expected(self, request: Request) -> Reading:
        bad_end = request.commit == self._plan.bad and request.role is Role.PREMISE
        bad = bad_end or request.role is Role.SEARCH or request.about == request.commit
        return self._taken(request, good=not bad)

    def _outcomes(self, course: Course, request: Request) -> list[tuple[float, Reading]]:
        """How a reading may turn out, with probabilities, the likelier first."""
        if request.role is Role.SEARCH:
            prospect = course.belief.prospect(request.commit)
            bad = prospect.bad if prospect else 0.5
        else:
            bad = float(isinstance(self._expected(request).judgement, Bad))
        both = [(1 - bad, self._taken(request, good=True)), (bad, self._taken(request, good=False))]
        return sorted([one for one in both if one[0] > 0], key=lambda one: -one[0])

    def _taken(self, request: Request, good: bool) -> Reading:
        paired_good = good and self._plan.ratio is not None
        judgement: Judgement = Good("expected") if good else Bad("expected")
        return Reading(
            request.commit,
            request.role,
            Measured(1.0, "expected") if paired_good else judgement,
            datetime.now(UTC),
            against=request.against,
            about=request.about,
        )


def _tells_nothing(course: Course, commit: str) -> bool:
    prospect = course.belief.prospect(commit)
    return prospect is None or prospect.bits <= 0
