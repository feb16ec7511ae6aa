"""`find: all`: every step of a range, each found and confirmed by a hunt that shares all readings.

The first hunt is an ordinary one. Then the history before its answer and the history built on it are hunted,
and so on, until a part has no step that readings show. What these hunts read is kept in the journal as a hunt
of its own, so that the first hunt stays as it is.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from bisector.hunt import remembered
from bisector.hunt.conclusion import (
    SPENT,
    AnyOf,
    BadIsGood,
    ChangePoint,
    Conclusion,
    Effect,
    FirstBad,
    Inconclusive,
    NoRegression,
    Steps,
)
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.decide.parallel import branches, segment
from bisector.hunt.decide.ranges import Levels, Part, seen_from
from bisector.hunt.drive import Engine, drive
from bisector.hunt.events import Concluded, HuntBegan, Listener, Noted, ProbeBegan, ReadingTaken
from bisector.hunt.ground import opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.overlay_doubt import apart_by_the_overlay
from bisector.hunt.plan import Plan
from bisector.hunt.planning import plan_between
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session, budget_of
from bisector.hunt.step_rows import key_of_steps
from bisector.hunt.within_part import Within
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request
from bisector.terms import FIX, REGRESSION, Terms

_ROWS = 16
"""Between commits that are alike, no more than this share of the range (1/N) stays untested in a row."""
_SHORTEST_ROW = 2
"""In a short range, up to this many commits may stay untested in a row."""


def run_every_step(session: Session, listener: Listener, *, restart: bool = False) -> HuntRecord:
    """Run the hunt, then hunt what its answer leaves over; the record of all steps.

    A hunt without an answer ends as it would alone. One that had ended with all steps starts over: between
    its steps it rests on few readings, and what no recipe names may have changed since.
    """
    if not restart and (before := _forgotten(session)) is not None:
        listener(Noted(remembered.why_every_step_again(before)))
    record = session.run(listener, restart=restart)
    with session.ground.scratch.held(key_of_steps(session.key)), opened(session.ground.scratch) as journal:
        first = session.begun(journal)
        if not _leads_on(first.conclusion, record):
            return record
        row = session.row_of_steps(journal, restart=restart)
        journal.conclude(row.id, None)
        clean_leftovers()
        known = session.known(journal, first).plus(*journal.known(row.id).readings)
        with ExitStack() as stack:
            engine = stack.enter_context(session.engine(journal.taken(row.id), listener, known.readings))
            search = _Search(session, journal, row, listener, engine, list(known.readings), known.untestable)
            if first.conclusion is not None:
                search.begin(first.conclusion)
        if search.steps or search.open:
            conclusion = search.conclusion(record.premise)
            journal.conclude(row.id, conclusion)
            listener(Concluded(conclusion))
        return session.record(journal)


def _forgotten(session: Session) -> HuntRow | None:
    """The row of an earlier start that had found all steps; its readings do not count any longer.

    They are forgotten at once, so that a start that is stopped from here on is continued by the next.
    """
    scratch = session.ground.scratch
    if not scratch.journal.exists():
        return None
    with scratch.held(session.key), opened(scratch) as journal:
        row = journal.find(key_of_steps(session.key))
        if row is None or not isinstance(row.conclusion, Steps):
            return None
        session.row(journal, restart=True)
        session.row_of_steps(journal, restart=True)
    return row


@dataclass
class _Search:
    """The hunts after the first one."""

    session: Session
    journal: Journal
    row: HuntRow
    listener: Listener
    engine: Engine
    readings: list[Reading]
    untestable: Sequence[KnownUntestable]
    steps: dict[tuple[str, ...], ChangePoint] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    _done: set[tuple[str, str]] = field(default_factory=set)
    _is_turned: bool = False
    """Whether the listener was last told of a hunt for a fix."""

    def __post_init__(self) -> None:
        self._spent = budget_of(self.session.plan)

    def begin(self, first: Conclusion) -> None:
        """Continue after the first hunt."""
        plan = self.session.plan
        if isinstance(first, FirstBad | AnyOf | Inconclusive):
            self._add(first, Part(plan.good[0], plan.bad), plan)
        else:
            self._explore(plan.good[0], plan.bad)
        for base, tip in branches(plan):
            if self._untested(segment(plan, base, tip)) is not None:
                self._explore_branch(base, tip)

    def _explore_branch(self, base: str, tip: str) -> None:
        """Explore a branch that is parallel to what was explored: a step has no say about it."""
        levels = Levels(self.session.plan.good[0], self.session.plan.ratio, self.readings)
        for commit in (base, tip):
            if levels.level(commit) is None and not self._spent():
                self._read(commit)
        self._explore(base, tip)

    def conclusion(self, together: Effect | None) -> Steps:
        """All steps, oldest first."""
        order = {commit: at for at, commit in enumerate(self.session.plan.every_candidate.ids)}
        steps = sorted(self.steps.values(), key=lambda step: order.get(step.commits[0], -1))
        return Steps(tuple(steps), together, tuple(self.open))

    def _explore(self, start: str, end: str) -> None:
        """The steps among the commits of `end` that `start` does not contain."""
        if (start, end) in self._done:
            return
        self._done.add((start, end))
        whole = self.session.plan
        plan = plan_between(self.session.ground, (start,), end, REGRESSION)
        levels = Levels(whole.good[0], whole.ratio, self.readings)
        rises = levels.rises(start, end)
        if rises == 0:
            self._look_inside(start, end, plan)
            return
        part = Part(start, end, better=rises == -1)
        found = self._hunt(part, plan)
        if isinstance(found, BadIsGood):
            part = replace(part, better=not part.better)
            found = self._hunt(part, plan)
        self._add(self._unless_by_the_overlay(found, plan), part, plan)

    def _unless_by_the_overlay(self, found: Conclusion | None, plan: Plan) -> Conclusion | None:
        """The conclusion; not confirmed if its commit and a parent of it got different overlays."""
        if not isinstance(found, FirstBad):
            return found
        where = (self.session.ground, self.session.identity, self.readings)
        words = apart_by_the_overlay(*where, found.commit, found.parents_good or plan.parents[found.commit])
        if not words:
            return found
        self.open.append(
            f"for the step at {found.commit[:12]}: only it or a parent of it got {words} of the overlay, "
            "which may bring the difference"
        )
        return replace(found, confirmed=False)

    def _look_inside(self, start: str, end: str, plan: Plan) -> None:
        """The steps between two commits that are alike: read more commits until none differs."""
        commits, whole = _built_on_start(plan), self.session.plan
        while not self._spent():
            levels = Levels(whole.good[0], whole.ratio, self.readings)
            between = levels.farthest(start, commits)
            if between is not None:
                self._explore(start, between)
                self._explore(between, end)
                return
            wanted = start if levels.level(start) is None else self._untested(commits)
            if wanted is None or not self._read(wanted):
                return
        self.open.append(f"between {start[:12]} and {end[:12]}: {SPENT}")

    def _untested(self, commits: Sequence[str]) -> str | None:
        """The untested commit nearest to the middle of the longest row without a level; None if none is long.

        Untestable commits belong to a row, because steps may hide among them.
        """
        plan = self.session.plan
        levels = Levels(plan.good[0], plan.ratio, self.readings)
        tried = {reading.commit for reading in self.readings} | {fact.commit for fact in self.untestable}
        most = max(_SHORTEST_ROW, math.ceil(len(plan.every_candidate) / _ROWS))
        found = itertools.groupby(commits, lambda commit: levels.level(commit) is None)
        rows = [[*row] for is_blank, row in found if is_blank]
        rows = [row for row in rows if len(row) > most and not tried.issuperset(row)]
        if not rows:
            return None
        row = max(rows, key=len)
        left = [at for at, commit in enumerate(row) if commit not in tried]
        return row[min(left, key=lambda at: abs(at - len(row) // 2))]

    def _read(self, commit: str) -> bool:
        """Read one commit against the good endpoint; whether that told something new."""
        plan, before = self.session.plan, len(self.readings) + len(self.untestable)
        against = plan.good[0] if plan.ratio is not None else ""
        request = Request(commit, Role.SEARCH, against)
        if self._is_turned:
            self._tell_of(plan, Known(tuple(self.readings), tuple(self.untestable)))
        self.listener(ProbeBegan(commit, Role.SEARCH))
        self.engine.begin(reviewed_by(request, plan.good[0], plan.bad, self.readings))
        while self.engine.running:
            found = self.engine.next()
            if found is not None:
                self.keep(found)
            if isinstance(found, Reading):
                self.listener(ReadingTaken(found))
        return len(self.readings) + len(self.untestable) > before

    def _add(self, found: Conclusion | None, part: Part, plan: Plan) -> None:
        """Note a step, and explore what is before and after it."""
        if isinstance(found, FirstBad):
            effect = found.effect and (_inverse(found.effect) if part.better else found.effect)
            commits, sure, chance = (found.commit,), found.confirmed, found.probability
            self.steps.setdefault(commits, ChangePoint(commits, part.better, sure, chance, effect))
            self._explore_before(found.commit, part, plan)
            if found.commit != part.end:
                self._explore(found.commit, part.end)
        elif isinstance(found, AnyOf):
            self.steps.setdefault(found.commits, ChangePoint(found.commits, part.better, confirmed=False))
            self._explore_around(found.commits, part, plan)
        elif isinstance(found, NoRegression):
            self._look_inside(part.start, part.end, plan)
        elif found is not None and (between := self._inner(found, part, plan)):
            self._explore(part.start, between)
            self._explore(between, part.end)
        elif found is not None:
            why = getattr(found, "why", found.name)
            self.open.append(f"between {part.start[:12]} and {part.end[:12]}: {why}")

    def _explore_around(self, commits: Sequence[str], part: Part, plan: Plan) -> None:
        """Explore what is before and after a set of commits, of which only the last can be tested."""
        self.open.append(
            f"for the step at one of {len(commits)} commits from {commits[0][:12]} to {commits[-1][:12]}: "
            "only untestable commits are left between"
        )
        for commit in commits:
            self._explore_before(commit, part, plan, but=commits)
        levels = Levels(self.session.plan.good[0], self.session.plan.ratio, self.readings)
        tested = [commit for commit in commits if levels.level(commit) is not None]
        for commit in tested:
            if commit != part.end:
                self._explore(commit, part.end)

    def _explore_before(self, commit: str, part: Part, plan: Plan, but: Collection[str] = ()) -> None:
        """Explore what a step is built on; a branch that left before the start has levels of its own.

        Parents in `but` are no end of a range.
        """
        apart = plan.beside.commits() if plan.beside and part.start != self.session.plan.good[0] else ()
        for parent in plan.parents[commit]:
            if parent in but:
                continue
            if parent in apart:
                base = next(iter(plan.beside.bases(parent)), "") if plan.beside else ""
                self.open.append(
                    f"for the merge {commit[:12]}: its branch left before {part.start[:12]}, so the step may "
                    f"be on it; run a hunt from {base[:12]} to {parent[:12]}"
                )
            elif parent in plan.every_candidate.ids:
                self._explore(part.start, parent)

    def _inner(self, found: Conclusion, part: Part, plan: Plan) -> str | None:
        """Where to divide a part whose readings no single step explains."""
        if not isinstance(found, Inconclusive) or found.why == SPENT:
            return None
        whole = self.session.plan
        levels = Levels(whole.good[0], whole.ratio, self.readings)
        return levels.inner(part.start, part.end, _built_on_start(plan))

    def _hunt(self, part: Part, plan: Plan) -> Conclusion | None:
        """The conclusion of the hunt in one part."""
        count = len(plan.every_candidate)
        commits = "commit" if count == 1 else "commits"
        self.listener(
            Noted(f"another step in the {count:,} {commits} from {part.start[:12]} to {part.end[:12]}?")
        )
        terms = self._terms(better=part.better)
        after_a_step = part.start != self.session.plan.good[0]
        inside = replace(plan, terms=terms, to_the_end=True, narrow=after_a_step)
        known = Known(
            tuple(seen_from(part, self.session.plan, inside, self.readings)), tuple(self.untestable)
        )
        self._tell_of(inside, known)
        engine = Within(self.engine, self.session.plan, part, inside, self.readings, self.keep)
        ahead = Lookahead(inside, Stopwatch(time.monotonic))
        return drive(inside, engine, known, _nothing, self.listener, ahead, spent=self._spent)

    def _terms(self, *, better: bool) -> Terms:
        """The words for a hunt in one part: the user's own, if there are any."""
        own = self.session.plan.terms
        if own == REGRESSION:
            return FIX if better else REGRESSION
        return Terms(own.new, own.old, better=True) if better else own

    def _tell_of(self, plan: Plan, known: Known) -> None:
        """Tell the listener in which range, and in which direction, the next readings are taken."""
        self._is_turned = plan.terms.better
        self.listener(HuntBegan(plan, known))

    def keep(self, found: Reading | KnownUntestable) -> None:
        """Record what the engine found."""
        self.journal.add(self.row.id, found)
        if isinstance(found, Reading):
            self.readings.append(found)
        else:
            self.untestable = (*self.untestable, found)


def _leads_on(first: Conclusion | None, record: HuntRecord) -> bool:
    """Whether the first hunt has begun to search, or found that its ends are alike or swapped."""
    searched = any(reading.role is Role.SEARCH for reading in record.readings)
    inconclusive = isinstance(first, Inconclusive) and searched and first.why != SPENT
    return inconclusive or isinstance(first, FirstBad | AnyOf | BadIsGood | NoRegression)


def _built_on_start(plan: Plan) -> list[str]:
    """The commits between the ends of a plan that descend from its start."""
    beside = plan.beside.commits() if plan.beside else frozenset()
    return [commit for commit in plan.every_candidate.ids[:-1] if commit not in beside]


def _inverse(effect: Effect) -> Effect:
    """The ratio of the commit to its parent, for a step found the other way round."""
    return Effect(1 / effect.ratio, 1 / effect.high, 1 / effect.low, effect.pairs, effect.p)


def _nothing(_found: Reading | KnownUntestable) -> None:
    """The engine of a part records what it finds."""
