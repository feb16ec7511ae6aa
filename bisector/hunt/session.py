"""A hunt put together: repository, plan, journal, engine; run, resumed or looked at."""

from __future__ import annotations

import functools
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bisector.errors import HistoryError
from bisector.history.candidates import candidates_between, collapse
from bisector.history.repository import Repository
from bisector.hunt import premise
from bisector.hunt.belief import Belief
from bisector.hunt.conclusion import Conclusion, Effect, Inconclusive
from bisector.hunt.engines import reader_for
from bisector.hunt.events import HuntBegan, Listener
from bisector.hunt.ground import Ground, located, opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.loop import Loop
from bisector.hunt.plan import Budget, Plan
from bisector.hunt.record import HuntRecord
from bisector.predicate import Undecided
from bisector.probe.keys import hunt_key, test_keys
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role


class Session:
    """One hunt as far as it can be prepared without building anything: its good commit is known."""

    def __init__(self, ground: Ground, good: Sequence[str]) -> None:
        self.ground = ground
        self.plan = plan_of(ground, good)
        self.key = hunt_key(ground.hunt, ground.repository, self.plan.good, self.plan.bad)

    def run(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Run the hunt, or go on where an earlier start stopped; one that is over is not run again.

        `restart` forgets all its earlier readings.
        """
        return self._follow(listener, Loop.run, restart=restart)

    def check(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Read the endpoints only, as `run` would; the record has a conclusion if they rule the hunt out."""
        return self._follow(listener, Loop.check, restart=restart)

    def _follow(
        self, listener: Listener, way: Callable[[Loop], Conclusion | None], *, restart: bool
    ) -> HuntRecord:
        with self.ground.scratch.held(self.key), opened(self.ground.scratch) as journal:
            row = self.row(journal, restart=restart)
            if row.conclusion is None or isinstance(row.conclusion, Inconclusive):
                clean_leftovers()
                journal.conclude(row.id, None)
                journal.conclude(row.id, self._hunt(journal, row, listener, way))
            return self.record(journal)

    def record(self, journal: Journal) -> HuntRecord:
        """All that is known of the hunt so far; `HistoryError` where it never began."""
        row = next((row for row in journal.hunts() if row.key == self.key), None)
        if row is None:
            raise HistoryError(f"hunt '{self.ground.hunt.hunt}' has not begun; start it with `bisector run`")
        return record_of(self.ground, self.plan, row, _of_the_hunt(journal.readings(row.id)))

    def row(self, journal: Journal, *, restart: bool = False) -> HuntRow:
        """The hunt's place in the journal, made when missing; `restart` forgets its readings."""
        document = {
            **self.ground.hunt.model_dump(mode="json"),
            "good": list(self.plan.good),
            "bad": self.plan.bad,
            "scratch": str(self.ground.scratch.root),
        }
        row = journal.begin(self.key, self.ground.hunt.hunt, document)
        if restart:
            journal.forget(row.id)
            row = journal.begin(self.key, self.ground.hunt.hunt, document)
        return row

    def _hunt(
        self, journal: Journal, row: HuntRow, listener: Listener, way: Callable[[Loop], Conclusion | None]
    ) -> Conclusion | None:
        plan, taken = self.plan, journal.readings(row.id)
        # What was undecided on a crowded machine is read again at this start.
        readings = [r for r in _of_the_hunt(taken) if not isinstance(r.judgement, Undecided)]
        same = len(plan.every_candidate) - len(plan.candidates)
        listener(HuntBegan(len(plan.candidates), same, len(readings), plan.ratio is not None))
        ends = {"good": plan.good[0], "bad": plan.bad}
        with reader_for(self.ground, self.key, ends, len(taken), listener) as engine:
            record = functools.partial(journal.add, row.id)
            return way(Loop(plan, engine, readings, record, listener, time.monotonic))


def _of_the_hunt(readings: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in readings if reading.role is not Role.VERIFICATION]


def plan_of(ground: Ground, revisions: Sequence[str]) -> Plan:
    """The hunt with `revisions` as its good ones, candidates listed; raises `HistoryError`."""
    hunt, repository = ground.hunt, ground.repository
    with located(hunt, "good"):
        good = tuple(repository.resolve(revision) for revision in revisions)
    with located(hunt, "bad"):
        bad = repository.resolve(hunt.bad)
    bases = _merge_bases(repository, good, bad)
    every = candidates_between(repository, good, bad, first_parent=hunt.first_parent, paths=hunt.paths)
    ends = {"good": good[0], "bad": bad}
    declared = (hunt.build is None or hunt.build.inputs) and hunt.test.inputs
    distinct = collapse(every, test_keys(hunt, repository, every.ids, ends)) if declared else every
    return Plan(
        good=good,
        bad=bad,
        candidates=distinct,
        every_candidate=every,
        parents={
            info.id: info.parents[:1] if hunt.first_parent else info.parents
            for info in repository.infos(every.ids).values()
        },
        merge_bases=bases,
        ratio=ground.ratio,
        repeats=ground.repeats,
        confidence=hunt.confidence,
        budget=Budget(hunt.budget.time, hunt.budget.probes),
    )


def _merge_bases(repository: Repository, good: tuple[str, ...], bad: str) -> tuple[str, ...]:
    """Where the good commits that bad does not contain part from it; these must be good too, as in git."""
    found: dict[str, None] = {}
    for commit in good:
        bases = repository.merge_bases(commit, bad)
        if not bases:
            raise HistoryError(
                f"good {commit[:12]} and bad {bad[:12]} have no common history; "
                "name two commits of one history (in a shallow clone: `git fetch --unshallow`)"
            )
        if bad in bases:
            raise HistoryError(
                f"bad {bad[:12]} is an ancestor of good {commit[:12]}, or the same; are they swapped?"
            )
        found.update(dict.fromkeys(base for base in bases if base not in good))
    return tuple(found)


def record_of(ground: Ground, plan: Plan, row: HuntRow, readings: list[Reading]) -> HuntRecord:
    """What reports need of a hunt, derived from its readings and the history."""
    hunt, repository = ground.hunt, ground.repository
    wanted = {*plan.good, plan.bad, *plan.every_candidate.ids, *(reading.commit for reading in readings)}
    wanted |= {parent for commit in list(wanted) for parent in plan.parents.get(commit, ())}
    commits = repository.infos(wanted)
    searching = any(reading.role is not Role.PREMISE for reading in readings)
    return HuntRecord(
        name=row.name,
        repository=repository.path,
        good=[commits[commit] for commit in plan.good],
        bad=commits[plan.bad],
        predicate=hunt.predicate.name,
        commits=commits,
        candidates=plan.every_candidate.ids,
        readings=readings,
        conclusion=row.conclusion,
        timeout=hunt.test.timeout,
        first_parent=hunt.first_parent,
        premise=_premise_effect(plan, readings),
        posterior=Belief(plan, readings).posterior() if searching else {},
        started=row.started,
        finished=row.finished or datetime.now(UTC),
        machine=machine_facts(),
    )


def _premise_effect(plan: Plan, readings: list[Reading]) -> Effect | None:
    at = [[r for r in readings if r.commit == c and r.role is Role.PREMISE] for c in (plan.good[0], plan.bad)]
    if plan.ratio is None or not all(at):
        return None
    return getattr(premise.decide(at[0], at[1], plan.repeats, plan.ratio), "effect", None)


def machine_facts() -> dict[str, str]:
    """What a reader of figures wants to know of this machine: cpu, cores, memory, kernel."""
    facts = {
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
    }
    return {key: value for key, value in facts.items() if value}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
