"""An engine without processes: every commit's judgement comes from a function."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bisector.history.candidates import Candidates
from bisector.hunt.conclusion import Conclusion
from bisector.hunt.drive import drive
from bisector.hunt.events import Event
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.plan import Budget, Plan, Repeats
from bisector.predicate import Bad, Ending, Good, Judgement, Measured, Run, Untestable
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request

Judge = Callable[[str, str], Judgement]
"""(commit, the commit it is run against or '') -> judgement."""


@dataclass
class FakeEngine:
    """Answers at once and counts the requests.

    A run that may end early does so above the ratio `enough`, unless `to_measure` is within the time that it
    may go on.
    """

    judge: Judge
    digest: Callable[[str], str] = str
    enough: float = math.inf
    jobs: int = 1
    seconds: float = 60.0
    """The duration of a run: too long for the confirmation to run a commit more than once."""
    to_measure: float = 60.0
    """The duration of a run above the ratio `enough`, if it is not ended early."""
    asked: list[tuple[str, Role]] = field(default_factory=list)
    begun: list[Request] = field(default_factory=list)
    most: int = 0
    """The most requests that ran at once."""
    exit_code: int | None = None
    order: random.Random = field(default_factory=lambda: random.Random(0))
    builds_ahead: bool = False
    ahead: list[list[Request]] = field(default_factory=list)

    def begin(self, request: Request) -> None:
        """Accept the request."""
        self.begun.append(request)

    @property
    def running(self) -> list[Request]:
        """The requests that were accepted and have no answer yet."""
        return list(self.begun)

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """The reading of the first request that runs, or of a random one if there are several `jobs`."""
        self.most = max(self.most, len(self.begun))
        return self.read(self.begun.pop(self.order.randrange(len(self.begun))))

    def cancel(self, request: Request) -> None:
        """Forget a request."""
        self.begun.remove(request)

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Remember the requests that would be built ahead, if `builds_ahead` is set."""
        if self.builds_ahead:
            self.ahead.append(list(likely()))

    def read(self, request: Request) -> Reading:
        """The reading with the judgement of `judge`."""
        commit, role, against = request.commit, request.role, request.against
        self.asked.append((commit, role))
        judgement, ending = self.judge(commit, against), Ending.EXITED
        ends = request.endpoints
        may_end = ends is not None and ends.measured_for < self.to_measure
        if may_end and isinstance(judgement, Measured) and judgement.value > self.enough:
            judgement, ending = Bad("ended early", self.enough), Ending.JUDGED
        return Reading(
            commit,
            role,
            judgement,
            datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=len(self.asked)),
            run=Run(self.seconds, self.seconds, 0.0, ending=ending, exit_code=self.exit_code),
            build_seconds=4.0,
            against=against,
            about=request.about,
            clean=request.clean,
            digest=self.digest(commit),
            reference_digest=self.digest(against),
        )

    @property
    def probes(self) -> int:
        """The number of different commits that the search read."""
        return len({commit for commit, role in self.asked if role is Role.SEARCH})


def plan_of(
    parents: Sequence[Sequence[int]],
    *,
    ratio: float | None = None,
    keep: Iterable[int] | None = None,
    budget: Budget | None = None,
    merge_bases: tuple[str, ...] = (),
    first: int = 1,
    least: int = 3,
    most: int = 12,
) -> Plan:
    """A plan over commits named c0, c1, ...; `good` is the parent of every root."""
    ids = tuple(f"c{at}" for at in range(len(parents)))
    every = Candidates(ids, tuple(tuple(own) for own in parents))
    kept = every
    if keep is not None:
        from bisector.history.candidates import collapse

        stays = set(keep)
        keys: list[int] = []
        for at, own in enumerate(parents):
            keys.append(at if at in stays or not own else keys[own[0]])
        kept = collapse(every, keys)
    return Plan(
        good=("good",),
        bad=ids[-1],
        candidates=kept,
        every_candidate=every,
        parents={ids[at]: tuple(ids[p] for p in own) or ("good",) for at, own in enumerate(parents)},
        merge_bases=merge_bases,
        ratio=ratio,
        repeats=Repeats(first=first, least=least, most=most),
        budget=budget or Budget(),
    )


def hunt(
    plan: Plan,
    judge: Judge,
    readings: Sequence[Reading] = (),
    stop_after: int | None = None,
    digest: Callable[[str], str] = str,
    enough: float = math.inf,
    engine: FakeEngine | None = None,
    untestable: list[KnownUntestable] | None = None,
    spent: Callable[[], bool] = lambda: False,
) -> tuple[Conclusion, FakeEngine, list[Reading], list[Event]]:
    """Run a hunt to its conclusion, or interrupt it after `stop_after` new readings.

    Commits that are found not to build are added to `untestable`.
    """
    engine = engine or FakeEngine(judge, digest, enough)
    untestable = [] if untestable is None else untestable
    journal, events = list(readings), list[Event]()

    def record(found: Reading | KnownUntestable) -> None:
        if isinstance(found, KnownUntestable):
            untestable.append(found)
            return
        journal.append(found)
        if stop_after is not None and len(journal) - len(readings) >= stop_after:
            raise Interrupted(journal)

    ticks = iter(range(10**9))
    clock = lambda: float(next(ticks))  # noqa: E731
    limit = plan.budget.seconds
    conclusion = drive(
        plan,
        engine,
        Known(tuple(readings), tuple(untestable)),
        record,
        events.append,
        Lookahead(plan, Stopwatch(clock)),
        spent=lambda: spent() or (limit is not None and clock() >= limit),
    )
    assert conclusion is not None
    return conclusion, engine, journal, events


class Interrupted(Exception):
    """The fake's Ctrl-C. It carries the journal as it was at that moment."""

    def __init__(self, journal: list[Reading]) -> None:
        super().__init__()
        self.journal = journal


def bad_from(plan: Plan, first_bad: str, untestable: Iterable[str] = ()) -> Judge:
    """A judge for a range with this first bad commit."""
    broken, guilty = set(untestable), guilty_of(plan, first_bad)

    def judge(commit: str, against: str) -> Judgement:
        if commit in broken:
            return Untestable("does not build")
        return Bad("bad") if commit in guilty else Good("good")

    return judge


def slower_from(plan: Plan, first_bad: str | None, step: float, spread: float, seed: int) -> Judge:
    """A judge that measures ratios with log-normal noise. If `first_bad` is None, the range has no step."""
    guilty = guilty_of(plan, first_bad) if first_bad else set()
    rng = random.Random(seed)

    def judge(commit: str, against: str) -> Judgement:
        level = step ** ((commit in guilty) - (against in guilty))
        return Measured(level * rng.lognormvariate(0, spread), "measured")

    return judge


def guilty_of(plan: Plan, first_bad: str) -> set[str]:
    """The first bad commit and all its descendants."""
    ids, parents = plan.every_candidate.ids, plan.every_candidate.parents
    guilty: set[str] = set()
    for at, identity in enumerate(ids):
        if identity == first_bad or any(ids[p] in guilty for p in parents[at]):
            guilty.add(identity)
    return guilty
