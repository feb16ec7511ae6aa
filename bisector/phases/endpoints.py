"""Reads both endpoints of a guest's hunt in full; the readings are the hunt's own premise."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bisector.engine.reader import Reader
from bisector.hunt.conclusion import Inconclusive
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.drive import drive
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Concluded, Listener, Noted
from bisector.hunt.ground import opened
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead, Stopwatch
from bisector.hunt.session import Session
from bisector.hunt.taking import take
from bisector.predicate import Bad, Ending, Good, Undecided, Untestable
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request

_ORDER = ("good", "bad", "bad", "good")
"""This order makes a steady drift of the machine affect both endpoints equally."""


def read_endpoints(session: Session, listener: Listener, since: datetime) -> list[Reading]:
    """The premise readings since `since`, and as many new ones as the hunt needs.

    They are stored in the journal as the hunt's own, so `check` and `run` reuse them. A hunt with a
    conclusion keeps it.
    """
    plan, scratch = session.plan, session.ground.scratch
    plan = replace(plan, repeats=replace(plan.repeats, whole=True))
    with scratch.held(session.key), opened(scratch) as journal:
        row = session.row(journal)
        taken = journal.readings(row.id)
        fresh = [
            r
            for r in taken
            if r.role is Role.PREMISE and r.at >= since and not _undecided(r) and not bounded(r)
        ]
        clean_leftovers()
        ends = {"good": plan.good[0], "bad": plan.bad}
        with reader_for(
            session.ground, session.key, ends, journal.taken(row.id), listener, full_run=True
        ) as engine:

            def record(found: Reading | KnownUntestable) -> None:
                journal.add(row.id, found)
                if isinstance(found, Reading):
                    fresh.append(found)

            if plan.ratio is None:
                _in_turn(session, engine, fresh, record, listener)
            lookahead = Lookahead(plan, Stopwatch(time.monotonic))
            known = Known(tuple(fresh))
            conclusion = drive(plan, engine, known, record, listener, lookahead, only=Role.PREMISE)
            if conclusion is not None:
                listener(Concluded(conclusion))
            _even_if_good_is_not(fresh, session, engine, record, listener)
        only_premise = all(reading.role is Role.PREMISE for reading in taken)
        if only_premise and (row.conclusion is None or isinstance(row.conclusion, Inconclusive)):
            journal.conclude(row.id, conclusion)
        return fresh


def _in_turn(
    session: Session,
    engine: Reader,
    readings: list[Reading],
    record: Callable[[Reading], None],
    listener: Listener,
) -> None:
    """Read both endpoints of a hunt with verdicts alternately, as often as the premise requires."""
    ends = {"good": session.plan.good[0], "bad": session.plan.bad}
    while True:
        done = {name: [r for r in readings if r.commit == commit] for name, commit in ends.items()}
        if any(isinstance(r.judgement, Untestable) for r in readings):
            return
        wanted = [n for n in ends if sum(map(ran_to_its_end, done[n])) < session.ground.repeats.verdicts]
        if not wanted:
            return
        turn = _ORDER[sum(map(len, done.values())) % len(_ORDER)]
        commit = ends[turn if turn in wanted else wanted[0]]
        request = reviewed_by(Request(commit, Role.PREMISE), ends["good"], ends["bad"], readings)
        take(engine, request, record, listener)


def _even_if_good_is_not(
    readings: list[Reading],
    session: Session,
    engine: Reader,
    record: Callable[[Reading], None],
    listener: Listener,
) -> None:
    """Run bad against itself if good cannot be tested (its script may not exist yet)."""
    plan = session.plan
    of_good = [r for r in readings if r.commit == plan.good[0]]
    of_bad = [r for r in readings if r.commit == plan.bad]
    if of_good and not of_bad and isinstance(of_good[-1].judgement, Untestable):
        against = plan.bad if plan.ratio is not None else ""
        request = Request(plan.bad, Role.PREMISE, against)
        take(engine, reviewed_by(request, plan.good[0], plan.bad, readings), record, listener)
        listener(Noted("bad was run alone because good cannot be tested"))


def ran_to_its_end(reading: Reading) -> bool:
    """Whether the run shows the full cost of the test; one that was stopped early does not."""
    cut_short = reading.run is None or reading.run.ending is Ending.JUDGED
    return not bounded(reading) and not (cut_short and isinstance(reading.judgement, Good))


def bounded(reading: Reading) -> bool:
    """Whether a measured run was stopped early, so that its value is only a lower bound."""
    return isinstance(reading.judgement, Bad) and reading.judgement.at_least is not None


def _undecided(reading: Reading) -> bool:
    return isinstance(reading.judgement, Undecided)
