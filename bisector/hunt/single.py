"""One commit judged by itself, as `git bisect run` wants it; its readings go into the hunt's journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bisector.engine.single_slots import SingleSlots
from bisector.errors import HuntFileError
from bisector.history.bisect_session import BisectSession
from bisector.history.in_place import CleanBuildNeeded, InPlace
from bisector.history.repository import Repository
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted, ReadingTaken
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.verdict import verdict
from bisector.hunt_file import AUTO, Copy, Edit, Patch, Place
from bisector.predicate import Bad, Good, Undecided, Untestable
from bisector.probe.keys import build_keys, hunt_key, test_keys
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


@dataclass(frozen=True, slots=True)
class Judged:
    """A commit and what it is; `readings` are all that this rests on, `taken` how many of them are new."""

    commit: str
    judgement: Good | Bad | Untestable
    readings: Sequence[Reading]
    taken: int


class Single:
    """Judges single commits of a hunt.

    In a `session`, a `good` that goes by HEAD means the HEAD of before it, and such a `bad` the session's.
    Raises `HistoryError` where they are not there, `HuntFileError` where `good` is still to be found.
    """

    def __init__(self, ground: Ground, session: BisectSession | None, listener: Listener) -> None:
        self._ground = ground
        self._tell = listener
        hunt = ground.hunt
        if hunt.good == (AUTO,):
            raise HuntFileError(
                f"{hunt.locate('good')}: good: auto is for `bisector run`; write a good revision that "
                "every probe is held against"
            )

        def resolved(revision: str) -> str:
            return ground.repository.resolve(session.lasting(revision) if session else revision)

        self._good = tuple(resolved(revision) for revision in hunt.good)
        self._bad = session.bad if session and session.moves(hunt.bad) else resolved(hunt.bad)
        self._ends = {"good": self._good[0], "bad": self._bad}
        self._reference = self._good[0] if ground.ratio is not None else ""
        self.key = hunt_key(hunt, ground.repository, self._good, self._bad)

    def judge(self, commit: str, checkout: Repository | None, *, again: bool = False) -> Judged:
        """The verdict on `commit`: in `checkout`, where it stands already, or else in a slot.

        What the journal holds of this commit, or of one alike in all that the hunt depends on, is not read
        again unless `again`.
        """
        ground = self._ground
        if commit == self._reference:
            return Judged(commit, Good("it is the reference itself"), (), 0)
        with ground.scratch.held(self.key), opened(ground.scratch) as journal:
            row = self._row(journal)
            known = [] if again else self._known(journal.readings(row.id), commit)
            readings = list(known)
            if self._verdict(readings) is None:
                clean_leftovers()
                try:
                    self._read(journal, row, commit, checkout, readings)
                except CleanBuildNeeded:
                    self._tell(Noted(f"{commit[:12]} does not build here; building it from clean in a slot"))
                    self._read(journal, row, commit, None, readings)
            answer = self._verdict(readings) or Undecided("it was not read")
            return Judged(commit, answer, readings, len(readings) - len(known))

    def _verdict(self, readings: Sequence[Reading]) -> Good | Bad | Untestable | None:
        return verdict(readings, self._ground.repeats, self._ground.ratio)

    def _read(
        self,
        journal: Journal,
        row: HuntRow,
        commit: str,
        checkout: Repository | None,
        readings: list[Reading],
    ) -> None:
        """Read until there is a verdict."""
        first = len(journal.readings(row.id))
        slots = self._slots(commit, checkout)
        with reader_for(self._ground, self.key, self._ends, first, self._tell, slots=slots) as engine:
            while self._verdict(readings) is None:
                reading = engine.read(Request(commit, Role.SEARCH, self._reference))
                journal.add(row.id, reading)
                readings.append(reading)
                self._tell(ReadingTaken(reading))

    def _slots(self, commit: str, checkout: Repository | None) -> SingleSlots:
        ground = self._ground
        place = self._place(checkout) if checkout else None
        return SingleSlots(
            ground.scratch.slots,
            ground.repository,
            (commit, place) if place else None,
            (self._reference, self._kept()) if self._reference else None,
        )

    def _place(self, checkout: Repository) -> InPlace | None:
        """The checkout to probe in; None for a hunt that needs a slot.

        What a sandbox holds has to lie by itself, and a patch may create any file.
        """
        hunt = self._ground.hunt
        written = [target for change in hunt.overlay if (target := _target(change))]
        if checkout.work_tree is None or hunt.sandbox or len(written) < len(hunt.overlay):
            return None
        return InPlace(checkout, checkout.work_tree, self._ground.scratch.root, written)

    def _kept(self) -> Path:
        """Where the build of the reference stays between two probes."""
        ground, commit = self._ground, self._reference
        (key,) = build_keys(ground.hunt, ground.repository, [commit], self._ends)
        return ground.scratch.store / f"reference-{commit[:12]}-{key[:12]}"

    def _known(self, readings: Sequence[Reading], commit: str) -> list[Reading]:
        """Those of this commit, and of others with the same inputs, that count here."""
        ground = self._ground
        commits = list(dict.fromkeys([commit, *(reading.commit for reading in readings)]))
        keys = dict(zip(commits, test_keys(ground.hunt, ground.repository, commits, self._ends), strict=True))
        return [
            reading
            for reading in readings
            if keys[reading.commit] == keys[commit]
            and reading.against == self._reference
            and reading.role is not Role.VERIFICATION
            and not isinstance(reading.judgement, Undecided)
        ]

    def _row(self, journal: Journal) -> HuntRow:
        hunt = self._ground.hunt
        ends = {"good": list(self._good), "bad": self._bad, "scratch": str(self._ground.scratch.root)}
        return journal.begin(self.key, hunt.hunt, {**hunt.model_dump(mode="json"), **ends})


def _target(change: Edit | Copy | Place | Patch) -> str | None:
    """The path that a change of the overlay writes to; None for a patch, which may write to several."""
    match change:
        case Edit():
            return change.edit
        case Copy():
            return change.target
        case Place():
            return change.to
        case Patch():
            return None
