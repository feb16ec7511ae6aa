"""A hunt put together: repository, plan, journal, engine; run, resumed or looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from bisector.engine.account import Ahead
from bisector.engine.local import LocalEngine
from bisector.errors import HistoryError
from bisector.history.inputs import forgotten
from bisector.hunt import remembered
from bisector.hunt.cluster import dask_engine_for
from bisector.hunt.conclusion import Conclusion, FirstBad
from bisector.hunt.drive import drive
from bisector.hunt.engines import engine_for
from bisector.hunt.events import Concluded, Event, HuntBegan, Listener, Noted
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.plan import Plan
from bisector.hunt.planning import plan_of
from bisector.hunt.record import HuntRecord
from bisector.hunt.recording import record_of
from bisector.hunt.sameness import Sameness
from bisector.hunt.sharing import shared_or
from bisector.hunt.skipped import skipped
from bisector.probe.identity import inputs_of
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import KnownUntestable, Reading, Role

if TYPE_CHECKING:
    from bisector.engine.cluster import DaskEngine

AHEAD = "built ahead"
"""Under which the journal keeps what was built before it was asked for."""
_NAMED = 20


class Session:
    """One hunt as far as it can be prepared without building anything: its good commit is known."""

    def __init__(self, ground: Ground, good: Sequence[str]) -> None:
        self.ground = ground
        self.plan = plan_of(ground, good)
        self.ends = {"good": self.plan.good[0], "bad": self.plan.bad}
        self.identity = ground.identity(self.ends, self.plan.good)
        self.key = self.identity.key

    def run(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Run the hunt, or go on where an earlier start stopped; one that is over is not run again.

        `restart` forgets all its earlier readings.
        """
        return self._follow(listener, restart=restart, only_premise=False)

    def check(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Read the endpoints only, as `run` would; the record has a conclusion if they rule the hunt out."""
        return self._follow(listener, restart=restart, only_premise=True)

    def _follow(self, listener: Listener, *, restart: bool, only_premise: bool) -> HuntRecord:
        with self.ground.scratch.held(self.key), opened(self.ground.scratch) as journal:
            self._tell_of_another(journal, listener)
            row = self.row(journal, restart=restart)
            if remembered.lasts(row.conclusion) and not self._skips_what_holds(row.conclusion):
                return replace(self.record(journal), remembered=row.finished)
            clean_leftovers()
            self._put_aside(journal, row, listener)
            journal.conclude(row.id, None)
            journal.conclude(row.id, self._hunt(journal, row, listener, only_premise=only_premise))
            return self.record(journal)

    def _skips_what_holds(self, answer: FirstBad) -> bool:
        """Whether `skip` names by now the first bad commit, or a parent that it was held against."""
        candidates = self.plan.candidates
        at = candidates.ids.index(answer.commit) if answer.commit in candidates.ids else None
        parents = candidates.parents[at] if at is not None else ()
        rests_on = {answer.commit, *(candidates.ids[parent] for parent in parents)}
        return any(reading.commit in rests_on for reading in skipped(self.ground, self.plan))

    def _tell_of_another(self, journal: Journal, listener: Listener) -> None:
        before = self._found(journal)
        if before is not None and before.key != self.key:
            listener(Noted(remembered.why_not(before, self.identity.digests)))

    def _put_aside(self, journal: Journal, row: HuntRow, listener: Listener) -> None:
        """Have what may have been mended since the last start read again."""
        journal.put_aside(row.id, lambda found: remembered.counts(found, row.conclusion))
        if again := remembered.why_again(row):
            listener(Noted(again))

    def _found(self, journal: Journal) -> HuntRow | None:
        return journal.find(self.key) or remembered.earlier(journal.hunts(), self._document())

    def record(self, journal: Journal) -> HuntRecord:
        """All that is known of the hunt so far; `HistoryError` where it never began.

        Where something around it has changed since, it is the newest hunt that was written like this one.
        """
        row = self._found(journal)
        if row is None:
            raise HistoryError(f"hunt '{self.ground.hunt.hunt}' has not begun; start it with `bisector run`")
        record = record_of(self.ground, self.plan, row, self._known(journal, row))
        ahead = [Ahead(**result.document) for result in journal.results(AHEAD, self.key, row.started)]
        return replace(record, ahead=sum(ahead, Ahead()) if ahead else None)

    def _known(self, journal: Journal, row: HuntRow) -> Known:
        """What counts of the hunt; nothing does that was read of a commit before `skip` named it."""
        known, named = journal.known(row.id), skipped(self.ground, self.plan)
        commits = {fact.commit for fact in named}
        readings = [r for r in known.readings if r.role is not Role.VERIFICATION and r.commit not in commits]
        return Known(tuple(readings), (*known.untestable, *named))

    def row(self, journal: Journal, *, restart: bool = False) -> HuntRow:
        """The hunt's place in the journal, made when missing; `restart` forgets its readings."""
        beginning = (self.key, self.ground.hunt.hunt, self._document(), self.identity.digests)
        row = journal.begin(*beginning)
        if restart:
            journal.forget(row.id)
            row = journal.begin(*beginning)
        return row

    def _document(self) -> dict[str, object]:
        """The hunt as the journal has it."""
        return {
            **self.ground.hunt.model_dump(mode="json"),
            "good": list(self.plan.good),
            "bad": self.plan.bad,
            "scratch": str(self.ground.scratch.root),
        }

    def _hunt(
        self, journal: Journal, row: HuntRow, listener: Listener, *, only_premise: bool
    ) -> Conclusion | None:
        others = _found_by_others(journal, self.key, self.plan)
        plan = replace(self.plan, found_before=tuple(others))
        known = self._known(journal, row)
        same = len(plan.every_candidate) - len(plan.candidates)
        since = known.readings[-1].at if known.readings else None
        listener(HuntBegan(len(plan.candidates), same, len(known.readings), plan.ratio is not None, since))
        for commit, name in others.items():
            listener(Noted(f"{commit[:12]}, where the hunt {name} ended, is looked at early"))
        readings = list(known.readings)

        def record(found: Reading | KnownUntestable) -> None:
            journal.add(row.id, found)
            if isinstance(found, Reading):
                readings.append(found)

        stopwatch = Stopwatch(time.monotonic)

        def hear(event: Event) -> None:
            stopwatch.hear(event)
            listener(event)

        with self._engine(journal.taken(row.id), hear, readings) as engine:
            try:
                conclusion = drive(
                    plan,
                    engine,
                    known,
                    record,
                    listener,
                    Lookahead(plan, stopwatch),
                    spent=_budget_of(plan),
                    only_premise=only_premise,
                )
            finally:
                if engine.ahead.builds:
                    journal.add_result(AHEAD, self.key, asdict(engine.ahead))
        conclusion = self._with_forgotten(
            shared_or(conclusion, self.ground, self.key, plan, readings, listener)
        )
        if conclusion is not None:
            listener(Concluded(conclusion))
        return conclusion

    def _engine(
        self, taken: int, hear: Listener, readings: Sequence[Reading]
    ) -> AbstractContextManager[LocalEngine | DaskEngine]:
        where = (self.ground, self.key, self.ends, taken, hear)
        if self.ground.hunt.engine.name == "dask":
            return dask_engine_for(*where)
        return engine_for(*where, same_artifact=Sameness(self.identity, readings).reading_of)

    def _with_forgotten(self, conclusion: Conclusion | None) -> Conclusion | None:
        """Name what may be the undeclared input, where the first bad commit changes none that is declared."""
        plan, repository = self.plan, self.ground.repository
        if not isinstance(conclusion, FirstBad) or conclusion.commit in plan.candidates.ids:
            return conclusion
        parents = plan.parents[conclusion.commit]
        inputs = inputs_of(self.ground.hunt)
        paths = forgotten(repository, inputs, conclusion.commit, parents[0]) if parents else []
        return replace(conclusion, forgotten=tuple(paths[:_NAMED]))


def _found_by_others(journal: Journal, key: str, plan: Plan) -> dict[str, str]:
    """Candidates at which other hunts ended, confirmed, with the name of one such hunt."""
    ended = ((row.name, row.conclusion) for row in journal.hunts() if row.key != key)
    found = {one.commit: name for name, one in ended if isinstance(one, FirstBad) and one.confirmed}
    return {commit: name for commit, name in found.items() if commit in plan.candidates.ids}


def _budget_of(plan: Plan) -> Callable[[], bool]:
    """Whether the time for this start of the hunt is over, from now on."""
    start, seconds = time.monotonic(), plan.budget.seconds
    return lambda: seconds is not None and time.monotonic() - start >= seconds
