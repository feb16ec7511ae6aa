"""What runs and what may be wanted next. The choice treats an overdue test as bad, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Read, Wait
from bisector.hunt.drive import drive
from bisector.hunt.events import Noted, StepBegan
from bisector.hunt.known import Known
from bisector.hunt.lookahead import OVERDUE, Lookahead, Stopwatch
from bisector.predicate import Bad, Good, Run
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from tests.hunt.fake_engine import FakeEngine, bad_from, plan_of

LINE = [[], *([at] for at in range(31))]
PLAN = plan_of(LINE)
LONGEST_GOOD = 2.0
LATE = OVERDUE * LONGEST_GOOD + 0.01


@dataclass
class Scene:
    """A hunt with a confirmed premise, whose longest good test took `LONGEST_GOOD`. `now` is its clock."""

    verdicts: Mapping[int, bool] = field(default_factory=dict)
    """Candidates that the search has read, and whether each is bad."""
    now: float = 100.0

    def __post_init__(self) -> None:
        self.stopwatch = Stopwatch(lambda: self.now)
        self.lookahead = Lookahead(PLAN, self.stopwatch)
        ends = [read("good", Role.PREMISE, bad=False), read(PLAN.bad, Role.PREMISE, bad=True)]
        ends[1] = replace(ends[1], run=Run(50.0, 0.0, 0.0))
        ends += [read(f"c{at}", Role.SEARCH, bad=bad) for at, bad in self.verdicts.items()]
        self.known = Known(tuple(ends))
        self.requests: list[Request] = []

    def begin(self, *commits: str) -> list[Request]:
        begun = [Request(commit, Role.SEARCH) for commit in commits]
        for request in begun:
            self.stopwatch.begun(request)
        self.requests += begun
        return begun

    def hear(self, commit: str, step: Step) -> None:
        self.stopwatch.hear(StepBegan(commit, step))

    @property
    def overdue(self) -> list[Request]:
        running = self.lookahead.running(self.known, self.requests)
        return [one.request for one in running if one.overdue]

    def wanted(self, places: int) -> list[Request]:
        running = self.lookahead.running(self.known, self.requests)
        step = Decider(PLAN).next(self.known, running)
        assert isinstance(step, Read | Wait)
        return self.lookahead.more(self.known, step, running, places)[:places]

    @property
    def patience(self) -> float | None:
        return self.lookahead.patience(self.known, self.requests)


def read(commit: str, role: Role, *, bad: bool) -> Reading:
    judgement = Bad("bad") if bad else Good("good")
    return Reading(commit, role, judgement, datetime(2026, 1, 1, tzinfo=UTC), Run(LONGEST_GOOD, 0.0, 0.0))


def test_a_test_begins_when_it_is_said_to() -> None:
    """Checkout and build are not part of the test. Without reported steps, it begins with the request."""
    scene = Scene()
    (request,) = scene.begin("c5")
    scene.now += 7.0
    assert scene.stopwatch.tested_for(request) == 7.0
    for step in (Step.LAYING_OUT, Step.BUILDING, Step.BUILDING_CLEAN, Step.TESTING_REFERENCE):
        scene.hear("c5", Step.TESTING)
        scene.hear("c5", step)
        assert scene.stopwatch.tested_for(request) == 0.0
    scene.hear("c6", Step.TESTING)
    assert scene.stopwatch.tested_for(request) == 0.0
    scene.hear("c5", Step.TESTING)
    scene.now += 10.0
    for step in (Step.BUILDING_AHEAD, Step.WAITING, Step.RETRYING, Step.DONE):
        scene.hear("c5", step)
    scene.stopwatch.hear(Noted("c5"))
    assert scene.stopwatch.tested_for(request) == 10.0


def test_an_earlier_test_of_the_commit_does_not_count() -> None:
    """A new request for a commit starts its time again."""
    scene = Scene()
    scene.hear("c5", Step.TESTING)
    scene.now += 50.0
    (request,) = scene.begin("c5")
    assert scene.stopwatch.tested_for(request) == 0.0


def test_a_test_longer_than_good_ones_is_overdue() -> None:
    """A test is overdue after 1.5 times the longest good test, and not before."""
    scene = Scene()
    (request,) = scene.begin("c15")
    scene.now += OVERDUE * LONGEST_GOOD
    assert scene.overdue == []
    scene.now += 0.01
    assert scene.overdue == [request]


def test_what_is_wanted_beside_an_overdue_test_is_older() -> None:
    """The overdue test is treated as bad, so all further requests are for older commits."""
    scene = Scene()
    (request,) = scene.begin("c15")
    scene.now += LATE
    first, *rest = scene.wanted(4)
    assert (first, len(rest)) == (request, 3)
    assert all(int(one.commit[1:]) < 15 for one in rest)


def test_what_is_still_built_is_not_overdue() -> None:
    """Only the time of the test counts, however long the build takes."""
    scene = Scene()
    (request,) = scene.begin("c15")
    scene.hear("c15", Step.BUILDING)
    scene.now += 1000
    assert scene.overdue == []
    scene.hear("c15", Step.TESTING)
    scene.now += LATE - 0.02
    assert scene.overdue == []
    scene.now += 0.02
    assert scene.overdue == [request]


def test_nothing_is_awaited_that_tells_nothing() -> None:
    """A search whose answer is already known is not wanted, however long it has run."""
    scene = Scene({10: True})
    (request,) = scene.begin("c15")
    scene.now += LATE
    assert request not in scene.wanted(2)


def test_what_an_overdue_test_makes_needless_is_wanted_no_more() -> None:
    """The overdue search and an older one stay wanted; newer ones do not."""
    scene = Scene()
    (overdue,) = scene.begin("c15")
    scene.now += LATE
    older, needless, _ = scene.begin("c7", "c20", "c23")
    assert scene.wanted(2) == [overdue, older]
    scene.requests.remove(overdue)
    assert {older, needless} <= set(scene.wanted(3))


def test_patience_ends_when_the_next_test_becomes_overdue() -> None:
    """A commit that is being built has its full time. An overdue one is not considered again."""
    scene = Scene()
    assert scene.patience is None
    scene.begin("c15")
    assert scene.patience == pytest.approx(3.0)
    scene.now += 2.0
    assert scene.patience == pytest.approx(1.0)
    scene.hear("c15", Step.BUILDING)
    assert scene.patience == pytest.approx(3.0)
    scene.hear("c15", Step.TESTING)
    scene.now += 2.999
    assert scene.patience == pytest.approx(0.1)
    scene.now += 1
    assert scene.patience is None


def test_beside_the_last_searches_stands_the_confirmation() -> None:
    """If the running searches will decide, the answer and its parent are built clean and read meanwhile.

    This assumes the bad endings, which take longer: a confirmation that begins now saves as much time.
    """
    scene = Scene({7: False, 10: True})
    begun = scene.begin("c8", "c9")
    found = scene.wanted(4)
    assert found[:2] == begun
    assert [(one.commit, one.about) for one in found[2:]] == [("c8", "c8"), ("c7", "c8")]
    assert all(one.clean and one.role is Role.CONFIRMATION for one in found[2:])


@dataclass
class Timed(FakeEngine):
    """Good tests take a second, bad ones `slow`. Records which searches were cancelled, and their worth."""

    slow: float = 10.0
    now: float = 0.0
    since: dict[Request, float] = field(default_factory=dict)
    low: int = -1
    high: int = len(LINE) - 1
    given_up: list[tuple[int, bool]] = field(default_factory=list)
    """Each cancelled search, and whether its answer was still useful."""

    def begin(self, request: Request) -> None:
        super().begin(request)
        self.since[request] = self.now

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        self.most = max(self.most, len(self.begun))
        request = min(self.begun, key=self._end)
        if longest is not None and self._end(request) > self.now + longest:
            self.now += longest
            return None
        self.now = self._end(request)
        self.begun.remove(request)
        reading = replace(self.read(request), run=Run(self._takes(request.commit), 0.0, 0.0))
        at = int(request.commit[1:]) if request.commit != "good" else -1
        if isinstance(reading.judgement, Bad):
            self.high = min(self.high, at)
        else:
            self.low = max(self.low, at)
        return reading

    def cancel(self, request: Request) -> None:
        super().cancel(request)
        if request.role is Role.SEARCH:
            at = int(request.commit[1:])
            overdue = [int(one.commit[1:]) for one in self.begun if self.now - self.since[one] > OVERDUE]
            self.given_up.append((at, self.low < at < min([self.high, *overdue])))

    def _takes(self, commit: str) -> float:
        return self.slow if isinstance(self.judge(commit, ""), Bad) else 1.0

    def _end(self, request: Request) -> float:
        return self.since[request] + self._takes(request.commit)


@pytest.mark.parametrize("jobs", [2, 3, 4])
def test_nothing_informative_is_given_up_for_another_search(jobs: int) -> None:
    """A search is cancelled only if its answer is known, or is expected because another one is overdue."""
    given_up = 0
    for first in range(0, 32, 3):
        engine = Timed(bad_from(PLAN, f"c{first}"), jobs=jobs)
        lookahead = Lookahead(PLAN, Stopwatch(lambda engine=engine: engine.now))
        found = drive(PLAN, engine, Known(), lambda _: None, lambda _: None, lookahead)
        assert isinstance(found, FirstBad)
        assert (found.commit, found.confirmed) == (f"c{first}", True)
        assert [at for at, informative in engine.given_up if informative] == []
        assert engine.most == jobs
        given_up += len(engine.given_up)
    assert given_up
