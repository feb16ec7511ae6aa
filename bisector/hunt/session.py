"""A hunt with its repository, plan, journal and engine; to run, resume or inspect."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from bisector.engine.account import Ahead
from bisector.engine.local import LocalEngine
from bisector.errors import HistoryError
from bisector.history.inputs import forgotten
from bisector.history.submodule_range import troubles
from bisector.hunt import remembered
from bisector.hunt.cluster import dask_engine_for
from bisector.hunt.conclusion import Conclusion, FirstBad
from bisector.hunt.descend.kept import descent_in, is_under_way
from bisector.hunt.drive import drive
from bisector.hunt.empty_submodule import not_for_an_empty_submodule
from bisector.hunt.engines import engine_for
from bisector.hunt.events import Concluded, Event, HuntBegan, Listener, Noted
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.known import Known
from bisector.hunt.lacking import lacking_or
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.overlay_doubt import not_by_the_overlay
from bisector.hunt.plan import Plan
from bisector.hunt.planning import plan_of
from bisector.hunt.record import HuntRecord
from bisector.hunt.recording import Recording
from bisector.hunt.running import noted, running_seconds
from bisector.hunt.sameness import Sameness
from bisector.hunt.sharing import shared_or
from bisector.hunt.skipped import skipped
from bisector.hunt.step_rows import are_under_way, key_of_steps, with_steps
from bisector.probe.identity import inputs_of
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import KnownUntestable, Reading, Role

if TYPE_CHECKING:
    from bisector.engine.cluster import DaskEngine

AHEAD = "built ahead"
"""The journal's name for the account of prefetched builds."""
_NAMED = 20


class Session:
    """One hunt with a known good commit, prepared as far as possible without a build.

    `within` is the key of the hunt from whose answer this one leads down, '' for a hunt that the user began;
    `looked_at` is its row in the journal if it is known and the hunt is only looked at.
    """

    def __init__(
        self,
        ground: Ground,
        good: Sequence[str],
        plan: Plan | None = None,
        *,
        within: str = "",
        looked_at: HuntRow | None = None,
    ) -> None:
        self._looked_at = looked_at
        self.ground = ground
        self._within = within
        self.plan = plan or plan_of(ground, good)
        self.ends = {"good": self.plan.good[0], "bad": self.plan.bad}
        self.identity = ground.identity(self.ends, self.plan.good)
        self.key = self.identity.key

    def run(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Run the hunt, or resume an earlier start; of a hunt that has an answer, only that is tested again.

        `restart` forgets all earlier readings.
        """
        return self._follow(listener, restart=restart, only_premise=False)

    def check(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Read only the endpoints, as `run` would; the record has a conclusion if they rule out a search."""
        return self._follow(listener, restart=restart, only_premise=True)

    def _follow(self, listener: Listener, *, restart: bool, only_premise: bool) -> HuntRecord:
        with self.ground.scratch.held(self.key), opened(self.ground.scratch) as journal:
            self.tell_of_another(journal, listener)
            row = self.row(journal, restart=restart)
            answer = self.lasting(row)
            if answer is not None and not only_premise and self._goes_on(journal):
                return replace(self.record(journal), remembered=row.finished)
            clean_leftovers()
            if only_premise:
                self._read_endpoints_again(journal, row)
            elif answer is None:
                self.reopen(journal, row, listener)
            elif self._holds(journal, row, answer, listener):
                return replace(self.record(journal), remembered=row.finished)
            with noted(journal, row.key):
                found = self._hunt(journal, row, listener, only=Role.PREMISE if only_premise else None)
            journal.conclude(row.id, found)
            record = self.record(journal)
            if only_premise and found is None and answer is not None:
                # The endpoints are as they were; the next `run` tests the answer itself again.
                journal.conclude(row.id, answer)
            return record

    def _goes_on(self, journal: Journal) -> bool:
        """Whether an earlier start was stopped behind this answer, on its way down or among further steps."""
        all_steps = self.ground.hunt.find == "all" and are_under_way(journal, self.key)
        return all_steps or is_under_way(journal, self._within or self.key)

    def _read_endpoints_again(self, journal: Journal, row: HuntRow) -> None:
        """Put aside what earlier starts read at the endpoints."""
        journal.put_aside(row.id, lambda one: not (isinstance(one, Reading) and one.role is Role.PREMISE))
        journal.conclude(row.id, None)

    def _holds(self, journal: Journal, row: HuntRow, answer: FirstBad, listener: Listener) -> bool:
        """Whether an earlier answer is confirmed once more; if not, no earlier reading counts any longer.

        Something that the recipe does not name may have changed, such as a file that the test reads.
        """
        listener(Noted(remembered.why_confirmed_again(row)))
        self.reopen_answer(journal, row)
        with noted(journal, row.key):
            found = self._hunt(journal, row, listener, only=Role.CONFIRMATION)
        if remembered.holds(answer, found):
            journal.conclude(row.id, found)
            return True
        listener(Noted(remembered.why_anew(row)))
        journal.put_aside(row.id, lambda _: False)
        return False

    def lasting(self, row: HuntRow) -> FirstBad | None:
        """The conclusion of an earlier start that still holds; None if the hunt goes on."""
        holds = remembered.lasts(row.conclusion) and not self._skips_what_holds(row.conclusion)
        return row.conclusion if holds and isinstance(row.conclusion, FirstBad) else None

    def reopen(self, journal: Journal, row: HuntRow, listener: Listener) -> None:
        """Prepare a hunt without a lasting conclusion for another start."""
        self._put_aside(journal, row, listener)
        journal.conclude(row.id, None)

    def reopen_answer(self, journal: Journal, row: HuntRow) -> None:
        """Prepare a hunt with a lasting conclusion for the confirmation of it."""
        journal.put_aside(row.id, remembered.counts_beside_confirmation)
        journal.conclude(row.id, None)

    def _skips_what_holds(self, answer: FirstBad) -> bool:
        """Whether `skip` now lists the first bad commit, or a parent that it was compared with."""
        candidates = self.plan.candidates
        at = candidates.ids.index(answer.commit) if answer.commit in candidates.ids else None
        parents = candidates.parents[at] if at is not None else ()
        rests_on = {answer.commit, *(candidates.ids[parent] for parent in parents)}
        return any(reading.commit in rests_on for reading in skipped(self.ground, self.plan))

    def tell_of_another(self, journal: Journal, listener: Listener) -> None:
        """Say why the readings of an earlier hunt like this one are not used, if there is one."""
        before = self.found(journal)
        if before is not None and before.key != self.key:
            listener(Noted(remembered.why_not(before, self.identity.digests)))
        elif before is None and (edited := remembered.edited(journal.hunts(), self._document())):
            listener(Noted(edited))

    def _put_aside(self, journal: Journal, row: HuntRow, listener: Listener) -> None:
        """Put aside what may have been fixed since the last start, so that it is read again."""
        journal.put_aside(row.id, lambda found: remembered.counts(found, row.conclusion))
        if again := remembered.why_again(row):
            listener(Noted(again))

    def found(self, journal: Journal) -> HuntRow | None:
        """The hunt's row, else that of the newest hunt with the same hunt document; None if there is none."""
        if self._looked_at is not None:
            return journal.find(self._looked_at.key)
        return journal.find(self.key) or remembered.earlier(journal.hunts(), self._document())

    def begun(self, journal: Journal) -> HuntRow:
        """The row that `found` gives; raises `HistoryError` if the hunt never began."""
        row = self.found(journal)
        if row is None:
            raise HistoryError(f"hunt '{self.ground.hunt.hunt}' has not begun; start it with `bisector run`")
        return row

    def record(self, journal: Journal, recording: Recording | None = None) -> HuntRecord:
        """Everything known about the hunt so far; raises `HistoryError` if it never began.

        If its environment has changed since, this is the newest hunt with the same hunt document.
        `recording` makes the next record of the same hunt faster.
        """
        row = self.begun(journal)
        recording = recording or Recording(self.ground, self.plan)
        known = self.known(journal, row)
        ran = running_seconds(journal, row, known, partial(self.ground.scratch.is_running, row.key))
        record = replace(recording.record(row, known), running=ran)
        ahead = [Ahead(**result.document) for result in journal.results(AHEAD, row.key, row.started)]
        record = replace(record, ahead=sum(ahead, Ahead()) if ahead else None)
        if self.ground.hunt.descend.follow or self.ground.hunt.narrow:
            record = replace(record, descent=descent_in(journal, row.key, row.conclusion))
        return with_steps(record, journal, row.key) if self.ground.hunt.find == "all" else record

    def known(self, journal: Journal, row: HuntRow) -> Known:
        """The facts that count for the hunt."""
        return known_of(self.ground, self.plan, journal, row)

    def row(self, journal: Journal, *, restart: bool = False) -> HuntRow:
        """The hunt's row in the journal, created if missing; `restart` forgets its readings."""
        hunt, digests = self.ground.hunt.hunt, self.identity.digests
        beginning = (self.key, hunt, self._document(), digests, self._within)
        row = journal.begin(*beginning)
        if restart:
            journal.forget(row.id)
            row = journal.begin(*beginning)
        return row

    def row_of_steps(self, journal: Journal, *, restart: bool = False) -> HuntRow:
        """The row of the hunts for further steps, created if missing; `restart` forgets its readings."""
        key = key_of_steps(self.key)
        beginning = (key, self.ground.hunt.hunt, self._document(), self.identity.digests)
        row = journal.begin(*beginning)
        if restart:
            journal.forget(row.id)
            row = journal.begin(*beginning)
        return row

    def _document(self) -> dict[str, object]:
        """The hunt document for the journal."""
        return {
            **self.ground.hunt.model_dump(mode="json"),
            **self.ground.hunt.with_commits(self.plan.good, self.plan.bad),
            "scratch": str(self.ground.scratch.root),
        }

    def _hunt(
        self,
        journal: Journal,
        row: HuntRow,
        listener: Listener,
        *,
        only: Role | None = None,
    ) -> Conclusion | None:
        known = self.known(journal, row)
        others = found_by_others(journal, self.key, self.plan)
        plan = replace(self.plan, found_before=(*self.plan.found_before, *others))
        listener(HuntBegan(plan, known))
        for sentence in () if self._within else troubles(self.ground.repository, plan.good, plan.bad):
            listener(Noted(sentence))
        read = {reading.commit for reading in known.readings}
        for commit, name in others.items():
            if commit not in read:
                listener(Noted(f"testing {commit[:12]} early: the hunt {name} found it"))
        readings = list(known.readings)

        def record(found: Reading | KnownUntestable) -> None:
            journal.add(row.id, found)
            if isinstance(found, Reading):
                readings.append(found)

        stopwatch = Stopwatch(time.monotonic)

        def hear(event: Event) -> None:
            stopwatch.hear(event)
            listener(event)

        with self.engine(journal.taken(row.id), hear, readings) as engine:
            try:
                conclusion = drive(
                    plan,
                    engine,
                    known,
                    record,
                    listener,
                    Lookahead(plan, stopwatch),
                    spent=budget_of(plan),
                    only=only,
                )
            finally:
                if engine.ahead.builds:
                    journal.add_result(AHEAD, self.key, asdict(engine.ahead))
        conclusion = self.reviewed(conclusion, readings, listener)
        if conclusion is not None:
            listener(Concluded(conclusion))
        return conclusion

    def engine(
        self, taken: int, hear: Listener, readings: Sequence[Reading]
    ) -> AbstractContextManager[LocalEngine | DaskEngine]:
        """The engine of this hunt, which has taken so many readings; `readings` are those to share."""
        where = (self.ground, self.key, self.ends, taken, hear)
        if self.ground.hunt.engine.name == "dask":
            return dask_engine_for(*where)
        return engine_for(*where, same_artifact=Sameness(self.identity, readings).reading_of)

    def reviewed(
        self, conclusion: Conclusion | None, readings: Sequence[Reading], listener: Listener
    ) -> Conclusion | None:
        """The conclusion, with what only the machine and the history can tell about it."""
        conclusion = self._with_forgotten(
            shared_or(conclusion, self.ground, self.key, self.plan, readings, listener)
        )
        conclusion = not_for_an_empty_submodule(conclusion, self.ground, self.plan)
        conclusion = lacking_or(conclusion, self.ground, self.key, self.ends, readings, listener)
        where = (self.ground, self.key, self.identity, self.plan)
        return not_by_the_overlay(conclusion, *where, readings, listener)

    def _with_forgotten(self, conclusion: Conclusion | None) -> Conclusion | None:
        """Add possible undeclared inputs, if the first bad commit changes no declared input."""
        plan, repository = self.plan, self.ground.repository
        if not isinstance(conclusion, FirstBad) or conclusion.commit in plan.candidates.ids:
            return conclusion
        parents = plan.parents[conclusion.commit]
        inputs = inputs_of(self.ground.hunt)
        paths = forgotten(repository, inputs, conclusion.commit, parents[0]) if parents else []
        return replace(conclusion, forgotten=tuple(paths[:_NAMED]))


def known_of(ground: Ground, plan: Plan, journal: Journal, row: HuntRow) -> Known:
    """The facts that count for a hunt in the journal; earlier readings of commits in `skip` do not."""
    known, named = journal.known(row.id), skipped(ground, plan)
    commits = {fact.commit for fact in named}
    readings = [r for r in known.readings if r.role is not Role.VERIFICATION and r.commit not in commits]
    return Known(tuple(readings), (*known.untestable, *named))


def found_by_others(journal: Journal, key: str, plan: Plan) -> dict[str, str]:
    """Candidates that other hunts confirmed as first bad commits, with the name of one such hunt."""
    fix = plan.terms.better
    rows = (r for r in journal.hunts() if r.key != key and (r.document.get("find") == "fix") is fix)
    ended = ((row.name, row.conclusion) for row in rows)
    found = {one.commit: name for name, one in ended if isinstance(one, FirstBad) and one.confirmed}
    return {commit: name for commit, name in found.items() if commit in plan.candidates.ids}


def budget_of(plan: Plan) -> Callable[[], bool]:
    """A function that says whether the time for this start of the hunt, counted from now, is over."""
    start, seconds = time.monotonic(), plan.budget.seconds
    return lambda: seconds is not None and time.monotonic() - start >= seconds
