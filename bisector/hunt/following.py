"""Follows a hunt through its journal while this or another process runs it."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.hunt.events import Outlook
from bisector.hunt.ground import opened
from bisector.hunt.journal import Journal
from bisector.hunt.outlook import outlook
from bisector.hunt.record import HuntRecord, Role
from bisector.hunt.recording import Recording
from bisector.hunt.session import Session


@dataclass(frozen=True, slots=True)
class Look:
    """A hunt at one moment; `outlook` is None before the search, and from the confirmation on."""

    record: HuntRecord
    outlook: Outlook | None
    is_running: bool
    """Whether a process holds the hunt's lock."""


class Follower:
    """Looks at the hunt of `session` again and again. For one thread, which may not be the hunt's own.

    `key` is that of the hunt's row in the journal. Raises `HistoryError` if the hunt never began.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._recording = Recording(session.ground, session.plan)
        self._seen: tuple[object, ...] = ()
        with opened(session.ground.scratch) as journal:
            self.key = session.begun(journal).key

    def look(self) -> Look | None:
        """The hunt as it is now; None if nothing was added since the last look."""
        running = self._session.ground.scratch.is_running(self.key)
        with opened(self._session.ground.scratch) as journal:
            seen = (running, *self._state(journal))
            if seen == self._seen:
                return None
            record = self._session.record(journal, self._recording)
        self._seen = seen
        return Look(record, self._outlook(record), running)

    def _state(self, journal: Journal) -> tuple[object, ...]:
        """What changes whenever the journal gets something about the hunt."""
        row = self._session.found(journal)
        return (row.id, row.started, row.finished, *journal.counts(row.id)) if row else ()

    def _outlook(self, record: HuntRecord) -> Outlook | None:
        plan, known = self._session.plan, record.known
        belief = self._recording.belief(known) if record.conclusion is None else None
        ends = (known.of(end, Role.PREMISE) for end in (plan.good[0], plan.bad))
        confirming = any(reading.role is Role.CONFIRMATION for reading in known.readings)
        if belief is None or confirming or not all(ends):
            return None
        return outlook(plan, known, lambda _known: belief)
