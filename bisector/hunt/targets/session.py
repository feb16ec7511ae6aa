"""A hunt of several targets, with its repository, journal and engine; to run, resume or inspect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

from bisector.engine.reader import Reader
from bisector.errors import HistoryError, HuntFileError
from bisector.hunt import remembered
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Event, Listener, Noted, TargetsBegan, TargetsRead
from bisector.hunt.good_commit import good_of
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import Journal
from bisector.hunt.known import Known
from bisector.hunt.planning import plan_of
from bisector.hunt.session import Session, budget_of, found_by_others
from bisector.hunt.targets.asking import Ask
from bisector.hunt.targets.birth import Birth
from bisector.hunt.targets.born import Born, starts_of
from bisector.hunt.targets.decide import Joint
from bisector.hunt.targets.driving import Books, Take, drive, recording
from bisector.hunt.targets.finding import Found, WholeRun, found_between, slower_at, whole_run
from bisector.hunt.targets.judging import Several
from bisector.hunt.targets.narrowing import narrowed, require_room, require_targets
from bisector.hunt.targets.record import TargetRecord, TargetsRecord
from bisector.hunt.targets.recording import nothing_found, recorded
from bisector.hunt.targets.taking import each_its_script, one_run_for_all
from bisector.hunt.targets.writing import Hunts, Writing
from bisector.hunt_file import AUTO
from bisector.predicate import Untestable
from bisector.probe import selection
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Role
from bisector.probe.request import Request

FOUND = "targets found"
"""The journal's name for the whole runs of endpoints that `targets: auto` is found by."""
_LOCKED = 200
"""Up to this many targets, each hunt is locked by itself too: each lock is an open file."""


class TargetsSession:
    """One hunt of several targets between two commits, prepared as far as possible without a build.

    Each target is an ordinary hunt with a row of its own in the journal (`Session`); only builds and runs are
    shared. Raises `HuntFileError` if the predicate cannot judge the targets one by one.
    """

    def __init__(self, ground: Ground, listener: Listener) -> None:
        require_targets(ground)
        self.ground = ground
        self.plan = plan_of(ground, good_of(ground, listener))
        self.ends = {"good": self.plan.good[0], "bad": self.plan.bad}
        self.key = ground.identity(self.ends, self.plan.good).key

    def run(self, listener: Listener, *, restart: bool = False) -> TargetsRecord:
        """Run the hunts, or resume an earlier start; of those with an answer, only that is tested again.

        `restart` forgets all earlier readings.
        """
        with self.ground.scratch.held(self.key), opened(self.ground.scratch) as journal:
            clean_leftovers()
            self._note_limits(listener)
            found = self._found(journal, listener, restart=restart)
            if isinstance(found, str):
                return nothing_found(self.ground, self.plan, self.key, found, cannot_tell=True)
            if not found.targets:
                return self._nothing(found)
            hunts = self._begun(journal, found.targets, listener, restart=restart)
            # Where no commit passes, a machine's fault may be the reason: it is searched again.
            born = self._born(journal, hunts)
            begins = {name for name, one in born.found().items() if one.good}
            with self._locked(hunts):
                ran = self._hunt(journal, hunts, begins, listener)
            later = [one.run(listener, restart=restart) for one in self._from_birth(born.found(), listener)]
            record = self._record(journal, hunts, found, later)
            return replace(record, is_remembered=not ran and all(one.is_remembered for one in later))

    def record(self, journal: Journal) -> TargetsRecord:
        """What is known so far; raises `HistoryError` if the hunt never began."""
        found = self._found_before(journal)
        if found is None:
            raise HistoryError(f"hunt '{self.ground.hunt.hunt}' has not begun; start it with `bisector run`")
        if not found.targets:
            return self._nothing(found)
        sessions = self._sessions(found.targets)
        rows = {target: row for target, one in sessions.items() if (row := one.found(journal))}
        if not rows:
            raise HistoryError(f"hunt '{self.ground.hunt.hunt}' has not begun; start it with `bisector run`")
        hunts = Hunts({name: session for name, session in sessions.items() if name in rows}, rows)
        later = [one.record(journal) for one in self._from_birth(self._born(journal, hunts).found(), unheard)]
        return self._record(journal, hunts, found, later)

    def _born(self, journal: Journal, hunts: Hunts) -> Born:
        return Born(journal, self.key, self.plan, hunts)

    def _from_birth(self, born: Mapping[str, Birth], listener: Listener) -> list[TargetsSession]:
        """The hunts of targets that begin within the range, one for each commit that they are hunted from."""
        hunts = []
        for good, names in starts_of(born).items():
            listener(Noted(f"{good[:12]} has {', '.join(names)}, which passes there: hunting from there"))
            own = self.ground.hunt.model_copy(update={"good": (good,), "targets": names})
            hunts.append(TargetsSession(self.ground.of_hunt(own), listener))
        return hunts

    def _nothing(self, found: Found) -> TargetsRecord:
        """The record without targets: some test may fail only now and then, which one run does not show."""
        why, others = _none(found), found.others
        return nothing_found(self.ground, self.plan, self.key, why, others=others, cannot_tell=True)

    def _note_limits(self, listener: Listener) -> None:
        if self.ground.hunt.jobs > 1:
            listener(Noted("each probe serves all targets, so they run one at a time; `jobs` is not used"))

    def _sessions(self, targets: Sequence[str]) -> dict[str, Session]:
        return {
            target: Session(narrowed(self.ground, target), self.plan.good, self.plan) for target in targets
        }

    def _begun(self, journal: Journal, targets: Sequence[str], listener: Listener, *, restart: bool) -> Hunts:
        sessions = self._sessions(targets)
        # What changed for one target changed for all.
        sessions[targets[0]].tell_of_another(journal, listener)
        return Hunts(sessions, {name: one.row(journal, restart=restart) for name, one in sessions.items()})

    @contextmanager
    def _locked(self, hunts: Hunts) -> Iterator[None]:
        """Hold the hunts of the targets, so that no other process runs one of them alone."""
        with ExitStack() as stack:
            for session in list(hunts.sessions.values())[:_LOCKED]:
                stack.enter_context(self.ground.scratch.held(session.key))
            yield

    def _found(self, journal: Journal, listener: Listener, *, restart: bool) -> Found | str:
        """The targets; found by whole runs of the endpoints if the hunt file leaves that to bisector."""
        named = self.ground.hunt.targets
        if named != (AUTO,):
            return Found(named)
        ends = {} if restart else self._ends_before(journal)
        if ends.keys() >= self._whole.keys() and self._is_over(journal, ends):
            # What no recipe names may have changed since, and so may the targets.
            ends = {}
        against = self.plan.good[0] if self.ground.ratio is not None else ""
        if self._whole.keys() - ends.keys():
            with self._reader(Several(self.ground.predicate, {}), 0, listener) as reader:
                for end, commit in self._whole.items():
                    if end in ends:
                        continue
                    listener(Noted(f"running the whole test at {end} to find the targets"))
                    reading = reader.read(Request(commit, Role.PREMISE, against, targets=()))
                    run = whole_run(end, reading, self.ground.predicate)
                    if isinstance(run, str):
                        return run
                    journal.add_result(FOUND, self.key, {"end": end, **run.document()})
                    ends[end] = run
        return self._between(ends)

    def _is_over(self, journal: Journal, ends: Mapping[str, WholeRun]) -> bool:
        """Whether an earlier start ended the hunt of every target that these whole runs tell of."""
        rows = [one.found(journal) for one in self._sessions(self._between(ends).targets).values()]
        return all(row is not None and row.conclusion is not None for row in rows)

    @property
    def _whole(self) -> Mapping[str, str]:
        """The endpoints whose whole test tells the targets; measured, bad is run beside good."""
        return self.ends if self.ground.ratio is None else {"bad": self.plan.bad}

    def _between(self, ends: Mapping[str, WholeRun]) -> Found:
        return found_between(ends["good"], ends["bad"]) if "good" in self._whole else slower_at(ends["bad"])

    def _found_before(self, journal: Journal) -> Found | None:
        """The targets, as far as they are known without a run."""
        named, ends = self.ground.hunt.targets, self._ends_before(journal)
        if named != (AUTO,):
            return Found(named)
        return None if self._whole.keys() - ends.keys() else self._between(ends)

    def _ends_before(self, journal: Journal) -> dict[str, WholeRun]:
        results = journal.results(FOUND, self.key)
        return {one.document["end"]: WholeRun.of(one.document) for one in results}

    def _reader(self, predicate: Several, taken: int, listener: Listener) -> AbstractContextManager[Reader]:
        return reader_for(self.ground, self.key, self.ends, taken, listener, predicate=predicate)

    def _hunt(self, journal: Journal, hunts: Hunts, begins: Collection[str], listener: Listener) -> bool:
        """Run the hunts, and find where targets begin that good does not have.

        Those of which an earlier start knows where it `begins` are over. False if all answers are those of an
        earlier start, confirmed again.
        """
        ended = {name: end for name in begins if (end := hunts.rows[name].conclusion) is not None}
        open_ = [name for name in hunts.sessions if name not in ended]
        if not open_:
            return False
        before = {name: one for name in open_ if (one := hunts.sessions[name].lasting(hunts.rows[name]))}
        for name in open_:
            if name in before:
                hunts.sessions[name].reopen_answer(journal, hunts.rows[name])
            else:
                self._reopened(journal, hunts, name)
        known = {name: one.known(journal, hunts.rows[name]) for name, one in hunts.sessions.items()}
        others = found_by_others(journal, "", self.plan)
        joint = Joint(replace(self.plan, found_before=tuple(others)), list(hunts.sessions))
        listener(TargetsBegan(self.plan, known))
        taken = sum(journal.taken(row.id) for row in hunts.rows.values())
        with self._taking({name: hunts.sessions[name].ground for name in open_}, taken, listener) as take:
            writing = Writing(journal, hunts, known, self.plan, listener)
            books = Books(writing.record, writing.conclude)
            self._require_selection(known, open_, take, books, listener)
            spent = budget_of(self.plan)
            over = drive(joint, writing.known, ended, take, books, listener, spent=spent)
            fresh = {name: over[name] for name in open_}
            self._born(journal, hunts).search(
                fresh, writing.known, recording(take, books, listener), spent, listener
            )
        changed = [name for name, one in before.items() if not remembered.holds(one, over[name])]
        if changed:
            listener(Noted(remembered.why_anew(hunts.rows[changed[0]])))
            for name in changed:
                journal.put_aside(hunts.rows[name].id, lambda _: False)
                journal.conclude(hunts.rows[name].id, None)
            rows = {name: journal.find(row.key) or row for name, row in hunts.rows.items()}
            over_now = {name for name in hunts.sessions if name not in changed}
            self._hunt(journal, Hunts(hunts.sessions, rows), over_now, listener)
        return bool(changed) or len(before) < len(open_)

    def _taking(
        self, grounds: Mapping[str, Ground], taken: int, listener: Listener
    ) -> AbstractContextManager[Take]:
        """What runs a commit for the targets with these grounds, after `taken` readings."""
        if self.ground.hunt.scripts:
            return each_its_script(grounds, self.key, self.ends, taken, listener)
        return one_run_for_all(self.ground, grounds, self.key, self.ends, taken, listener)

    def _reopened(self, journal: Journal, hunts: Hunts, name: str) -> None:
        """Prepare the hunt of a target for this start; whole runs are its first premise readings.

        Not a pair of whole runs: it does not tell whether first runs are slower.
        """
        row = hunts.rows[name]
        by_verdict = self.ground.hunt.targets == (AUTO,) and self.ground.ratio is None
        if not journal.taken(row.id):
            runs = self._ends_before(journal) if by_verdict else {}
            journal.add_all({row.id: [run.reading_of(name) for run in runs.values()]})
        hunts.sessions[name].reopen(journal, row, lambda event: None)

    def _require_selection(
        self,
        known: Mapping[str, Known],
        open_: Sequence[str],
        take: Take,
        books: Books,
        listener: Listener,
    ) -> None:
        """Run found targets by name at bad once; raises `HuntFileError` if the runner tells of none."""
        hunt = self.ground.hunt
        fresh = [name for name in open_ if len(known[name].readings) == len(self.ends)]
        if hunt.targets != (AUTO,) or not selection.selects(hunt.test.command) or not fresh:
            return
        require_room(self.ground, fresh)
        request = Request(self.plan.bad, Role.PREMISE, targets=tuple(fresh))
        (found,) = take(Ask(request, dict.fromkeys(fresh, request), only_by_name=True))
        judged = [reading.judgement for reading in found.values()]
        if all(isinstance(one, Untestable) for one in judged):
            raise HuntFileError(
                f"{hunt.locate('test', 'command')}: test.command: asked for {len(fresh)} targets by name, "
                f"the runner tells of none of them ({judged[0].why}); put {selection.PLACE} where it takes "
                "names as it prints them, or remove it, and the whole test runs"
            )
        books.record(found)
        listener(TargetsRead(found))

    def _record(
        self, journal: Journal, hunts: Hunts, found: Found, later: Sequence[TargetsRecord]
    ) -> TargetsRecord:
        """The record; targets hunted from their birth have what these `later` hunts found."""
        rows = {name: journal.find(row.key) or row for name, row in hunts.rows.items()}
        known = {name: one.known(journal, rows[name]) for name, one in hunts.sessions.items()}
        targets = {
            name: TargetRecord(name, row.name, known[name].readings, row.conclusion)
            for name, row in rows.items()
        }
        born = self._born(journal, hunts)
        told = born.told(targets, born.found(), later)
        return recorded(self.ground, self.plan, self.key, told, found.others)


def unheard(event: Event) -> None:
    """Nobody listens: nothing runs."""


def _none(found: Found) -> str:
    """Why there are no targets, in one clause."""
    others = ", ".join(f"{len(names)} {kind}" for kind, names in found.others.items())
    return (
        f"nothing is good at good and bad at bad in one run of each ({others or 'the test names nothing'}); "
        "if a test fails only now and then, name it in `targets`"
    )
