"""Reads one commit, as `git bisect run` needs it; the readings go into the hunt's journal."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bisector.engine.single_slots import SingleSlots
from bisector.history.in_place import CleanBuildNeeded, InPlace
from bisector.history.repository import Repository
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import opened
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.single import Judged, Single
from bisector.hunt.taking import take
from bisector.predicate import Undecided
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


class SingleReading:
    """Reads one `commit` of a hunt: in `checkout`, where it is checked out already, or else in a slot."""

    def __init__(self, single: Single, commit: str, checkout: Repository | None, listener: Listener) -> None:
        self._single = single
        self._ground = single.ground
        self._commit = commit
        self._checkout = checkout
        self._tell = listener

    def judge(self, *, again: bool = False) -> Judged:
        """The verdict on the commit.

        Uses the journal's readings of it, or of a commit with the same inputs, unless `again`. Raises
        `EnvironmentFault` if another process is running this hunt.
        """
        single, commit = self._single, self._commit
        with self._ground.scratch.held(single.key), opened(self._ground.scratch) as journal:
            row = self._row(journal)
            known = [] if again else single.of(commit, journal.readings(row.id))
            readings = list(known)
            if single.verdict(readings) is None:
                clean_leftovers()
                try:
                    self._read(journal, row, self._checkout, readings)
                except CleanBuildNeeded:
                    self._tell(Noted(f"{commit[:12]} does not build here; building it clean in a slot"))
                    self._read(journal, row, None, readings)
            answer = single.verdict(readings) or Undecided("it was not read")
            return Judged(commit, answer, readings, len(readings) - len(known))

    def _read(
        self, journal: Journal, row: HuntRow, checkout: Repository | None, readings: list[Reading]
    ) -> None:
        """Read until there is a verdict."""
        single = self._single
        first = journal.taken(row.id)
        slots = self._slots(checkout)
        with reader_for(self._ground, single.key, single.ends, first, self._tell, slots=slots) as engine:
            while single.verdict(readings) is None:
                request = reviewed_by(
                    Request(self._commit, Role.SEARCH, single.reference),
                    single.good[0],
                    single.bad,
                    journal.readings(row.id),
                )
                readings.append(take(engine, request, partial(journal.add, row.id), self._tell))

    def _slots(self, checkout: Repository | None) -> SingleSlots:
        ground, reference = self._ground, self._single.reference
        place = self._place(checkout) if checkout else None
        return SingleSlots(
            ground.scratch.slots,
            ground.repository,
            (self._commit, place) if place else None,
            (reference, self._kept()) if reference else None,
        )

    def _place(self, checkout: Repository) -> InPlace | None:
        """The checkout to probe in; None for a hunt that needs a slot.

        A sandbox needs a folder of its own, a patch may create any file, and a setup would replace packages
        that the user works with.
        """
        hunt = self._ground.hunt
        written = [target for change in hunt.overlay if (target := change.target)]
        if checkout.work_tree is None or hunt.sandbox or hunt.setup or len(written) < len(hunt.overlay):
            return None
        return InPlace(checkout, checkout.work_tree, self._ground.scratch.root, written)

    def _kept(self) -> Path:
        """Where the build of the reference stays between probes."""
        ground, commit = self._ground, self._single.reference
        (key,) = ground.identity(self._single.ends).builds([commit])
        return ground.scratch.store / f"reference-{commit[:12]}-{key[:12]}"

    def _row(self, journal: Journal) -> HuntRow:
        hunt, single = self._ground.hunt, self._single
        ends = {**hunt.with_commits(single.good, single.bad), "scratch": str(self._ground.scratch.root)}
        return journal.begin(single.key, hunt.hunt, {**hunt.model_dump(mode="json"), **ends})
