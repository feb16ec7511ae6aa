"""A hunt put together: repository, plan, journal, engine; run, resumed or looked at."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil

from bisector.engine.account import Ahead
from bisector.errors import HistoryError
from bisector.history.candidates import candidates_between, collapse
from bisector.history.inputs import forgotten
from bisector.history.parents import Parents
from bisector.history.repository import Repository
from bisector.hunt import premise, remembered
from bisector.hunt.belief import Belief
from bisector.hunt.cluster import dask_engine_for
from bisector.hunt.conclusion import Conclusion, Effect, FirstBad
from bisector.hunt.engines import engine_for
from bisector.hunt.events import Event, HuntBegan, Listener, Noted
from bisector.hunt.foresight import Tests
from bisector.hunt.ground import Ground, located, opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.loop import Loop
from bisector.hunt.plan import Budget, Plan
from bisector.hunt.record import HuntRecord
from bisector.hunt.sameness import Sameness
from bisector.hunt.sharing import explained, reference_jumps
from bisector.hunt.skipped import skipped
from bisector.probe.identity import inputs_of
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role

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
        return self._follow(listener, Loop.run, restart=restart)

    def check(self, listener: Listener, *, restart: bool = False) -> HuntRecord:
        """Read the endpoints only, as `run` would; the record has a conclusion if they rule the hunt out."""
        return self._follow(listener, Loop.check, restart=restart)

    def _follow(
        self, listener: Listener, way: Callable[[Loop], Conclusion | None], *, restart: bool
    ) -> HuntRecord:
        with self.ground.scratch.held(self.key), opened(self.ground.scratch) as journal:
            self._tell_of_another(journal, listener)
            row = self.row(journal, restart=restart)
            if remembered.lasts(row.conclusion) and not self._skips_what_holds(row.conclusion):
                return replace(self.record(journal), remembered=row.finished)
            clean_leftovers()
            self._put_aside(journal, row, listener)
            journal.conclude(row.id, None)
            journal.conclude(row.id, self._hunt(journal, row, listener, way))
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
        journal.put_aside(row.id, lambda reading: remembered.counts(reading, row.conclusion))
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
        readings = self._with_skipped(_of_the_hunt(journal.readings(row.id)))
        record = record_of(self.ground, self.plan, row, readings)
        ahead = [Ahead(**result.document) for result in journal.results(AHEAD, self.key, row.started)]
        return replace(record, ahead=sum(ahead, Ahead()) if ahead else None)

    def _with_skipped(self, readings: list[Reading]) -> list[Reading]:
        """What was read of a commit before `skip` named it does not count."""
        named = skipped(self.ground, self.plan)
        commits = {reading.commit for reading in named}
        return [reading for reading in readings if reading.commit not in commits] + named

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
        self, journal: Journal, row: HuntRow, listener: Listener, way: Callable[[Loop], Conclusion | None]
    ) -> Conclusion | None:
        others = _found_by_others(journal, self.key, self.plan)
        plan = replace(self.plan, found_before=tuple(others))
        readings = _of_the_hunt(journal.readings(row.id))
        same = len(plan.every_candidate) - len(plan.candidates)
        since = readings[-1].at if readings else None
        listener(HuntBegan(len(plan.candidates), same, len(readings), plan.ratio is not None, since))
        for commit, name in others.items():
            listener(Noted(f"{commit[:12]}, where the hunt {name} ended, is looked at early"))
        known = list(readings)

        def record(reading: Reading) -> None:
            journal.add(row.id, reading)
            known.append(reading)

        tests = Tests(time.monotonic)

        def hear(event: Event) -> None:
            tests.hear(event)
            listener(event)

        where = (self.ground, self.key, self.ends, journal.taken(row.id), hear)
        on_cluster = self.ground.hunt.engine.name == "dask"
        local = partial(engine_for, same_artifact=Sameness(self.identity, known).reading_of)
        with (dask_engine_for if on_cluster else local)(*where) as engine:
            try:
                begun = self._with_skipped(readings)
                conclusion = way(Loop(plan, engine, begun, record, listener, time.monotonic, tests))
            finally:
                if engine.ahead.builds:
                    journal.add_result(AHEAD, self.key, asdict(engine.ahead))
        return self._with_forgotten(conclusion)

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


def _of_the_hunt(readings: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in readings if reading.role is not Role.VERIFICATION]


def _shared(ground: Ground, good: Sequence[Reading], bad: Sequence[Reading]) -> str | None:
    """Why endpoints that look alike may have been mixed up, through something outside of their slots."""
    if ground.ratio is None or not good:
        return None
    jump = reference_jumps(good, bad, ground.predicate, ground.ratio)
    if jump is None:
        return None
    first = good[0]
    took = first.build_seconds + sum(run.wall for run in (first.run, first.reference) if run)
    own = [ground.scratch.root, ground.repository.git_folder.parent]
    outside = map(str, written_since(first.at.timestamp() - took - 1, ground.environment, own))
    hunt = ground.hunt
    said = f"{hunt.build.command if hunt.build else ''} {hunt.test.command}"
    # On a machine of many users others write there too.
    return explained(jump, sorted(outside, key=lambda path: path not in said))


def plan_of(ground: Ground, revisions: Sequence[str]) -> Plan:
    """The hunt with `revisions` as its good ones, candidates listed; raises `HistoryError`."""
    hunt, repository = ground.hunt, ground.repository
    with located(hunt, "good"):
        good = tuple(repository.resolve(revision) for revision in revisions)
    with located(hunt, "bad"):
        bad = repository.resolve(hunt.bad)
    inputs = inputs_of(hunt)
    with ThreadPoolExecutor(1) as beside:
        listed = beside.submit(
            candidates_between,
            repository,
            good,
            bad,
            first_parent=hunt.first_parent,
            paths=hunt.paths,
            inputs=() if "." in inputs else inputs,
        )
        # What it has to say of endpoints that do not fit comes first.
        bases = _merge_bases(repository, good, bad)
        every = listed.result()
    return Plan(
        good=good,
        bad=bad,
        candidates=collapse(every, every.inputs) if every.inputs else every,
        every_candidate=every,
        parents=Parents(repository, every.ids, first_parent=hunt.first_parent),
        merge_bases=bases,
        ratio=ground.ratio,
        paths=hunt.paths,
        contained_in_good=partial(_contained, repository, good) if hunt.paths else None,
        to_the_end=hunt.test.to_the_end,
        repeats=ground.repeats,
        in_doubt=partial(_shared, ground),
        confidence=hunt.confidence,
        budget=Budget(hunt.budget.time, hunt.budget.probes),
    )


def _contained(repository: Repository, good: tuple[str, ...], commit: str) -> bool:
    return any(commit in repository.merge_bases(commit, one) for one in good)


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
    commits = repository.infos(wanted)
    only = 1 if hunt.first_parent else None
    beside = {parent for one in plan.every_candidate.ids for parent in commits[one].parents[:only]}
    commits |= repository.infos(beside - wanted)
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
