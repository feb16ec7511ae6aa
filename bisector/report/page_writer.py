"""Writes the page of a running hunt again and again, without slowing the hunt."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bisector.errors import BisectorError
from bisector.history.patch import CommitPatch
from bisector.hunt.events import Concluded, Event, HuntBegan, Outlook, ReadingTaken, StepBegan
from bisector.hunt.following import Follower
from bisector.hunt.record import HuntRecord
from bisector.hunt.scratch import make_private
from bisector.hunt.session import Session
from bisector.probe.step import Step
from bisector.report.atomic_write import atomic_write
from bisector.report.html import NO_CHANGE, write_html_report
from bisector.report.live import Live, Running, log_of, outlook_text, seen_in
from bisector.report.live_report import LiveReport, first_page

_TICK = 2.0
"""Seconds after which the page is written again although nothing happened: time and output go on."""
_LEAST = 1.0
"""Seconds between two writes."""
_REST = 15.0
"""The thread rests this many times as long as a write took: it needs at most a fifteenth of one CPU."""


class PageWriter:
    """Writes the page of the hunt of `session` to `file`; `reproduce` is the command that runs it again.

    For one thread. Raises `HistoryError` if the hunt never began.
    """

    def __init__(self, session: Session, file: Path, reproduce: str = "") -> None:
        self._session = session
        self._file = file
        self._reproduce = reproduce
        self._follower = Follower(session)
        self.logs = session.ground.scratch.logs(self._follower.key)
        """The folder of the hunt's logs."""
        self._report: LiveReport | None = None
        self._outlook = ""
        self._since = datetime.now(UTC)
        """When the newest reading was taken: what was written to a log after it belongs to the next."""
        self._first_seen: dict[Path, datetime] = {}
        self.record: HuntRecord | None = None
        """The hunt as it was last read."""

    def write(self, running: Sequence[Running] | None = None) -> bool:
        """Write the page if the hunt runs; returns whether it does.

        `running` are the steps under way; None to guess them from the logs. Raises `EnvironmentFault` if the
        page cannot be written.
        """
        look = self._follower.look()
        if look is not None:
            self.record = replace(look.record, reproduce=self._reproduce)
            if not look.is_running:
                return False
            self._outlook = outlook_text(look.outlook)
            self._since = max(
                (r.at for r in look.record.readings), default=look.record.started or self._since
            )
            self._report = LiveReport(self.record, self._file.resolve().parent)
        if self._report is None:
            return False
        steps = self._guessed() if running is None else [self._with_log(step) for step in running]
        page = self._report.page(Live(datetime.now(UTC), tuple(steps), self._outlook))
        atomic_write(self._file, page.encode(), durable=False)
        return True

    def write_last(self, change_of: Callable[[HuntRecord], CommitPatch]) -> HuntRecord:
        """Write the page as it stays, which does not load itself again; returns the hunt that it shows."""
        look = self._follower.look()
        if look is not None:
            self.record = replace(look.record, reproduce=self._reproduce)
        assert self.record is not None  # The first look always has a record.
        write_html_report(self.record, self._file, change_of(self.record))
        return self.record

    def _with_log(self, step: Running) -> Running:
        return replace(step, log=log_of(self.logs, step.commit, step.since))

    def _guessed(self) -> list[Running]:
        """The step that writes to the newest log, since this was first seen."""
        found = seen_in(self.logs, self._since)
        return [replace(s, since=self._first_seen.setdefault(s.log, s.since)) for s in found if s.log]


class LivePage:
    """A listener that keeps the page of its own process's hunt up to date, in a thread of its own.

    The thread has the priority of all others: a lower one would lose its CPU on a busy machine while it holds
    the lock of Python's interpreter, and the hunt would wait for it.
    """

    def __init__(self, session: Session, file: Path, reproduce: str = "") -> None:
        self._begin = partial(PageWriter, session, file, reproduce)
        self._file = file
        self._name = session.ground.hunt.hunt
        self._steps: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event; the thread begins with the hunt."""
        match event:
            case HuntBegan():
                self._thread = threading.Thread(target=self._work, name="bisector-page", daemon=True)
                self._thread.start()
            case StepBegan():
                self._note(event)
            case ReadingTaken(reading):
                with self._lock:
                    self._steps.pop(reading.commit, None)
            case Outlook() | Concluded():
                pass
            case _:
                return
        self._changed.set()

    def write_first(self) -> None:
        """Write a page without figures, so that a browser never finds that of an earlier start."""
        with contextlib.suppress(BisectorError, OSError):
            make_private(self._file.parent)
            atomic_write(self._file, first_page(self._name).encode(), durable=False)

    def write_last(self) -> None:
        """Write what is known of a hunt that was interrupted or failed."""
        with contextlib.suppress(BisectorError):
            self._begin().write_last(lambda _record: NO_CHANGE)

    def stop(self) -> None:
        """Write no more; returns when the thread has ended."""
        self._stopped.set()
        self._changed.set()
        if self._thread:
            self._thread.join()

    def _note(self, event: StepBegan) -> None:
        with self._lock:
            self._steps.pop(event.commit, None)
            if event.step is not Step.DONE:
                now = datetime.now(UTC)
                self._steps[event.commit] = Running(event.commit, event.step.value, now, event.detail)

    def _work(self) -> None:
        # What keeps the page from being written is reported when the hunt ends, with the report itself.
        with contextlib.suppress(BisectorError):
            writer = self._begin()
            while not self._stopped.is_set():
                self._changed.clear()
                began = time.monotonic()
                with self._lock:
                    running = list(self._steps.values())
                writer.write(running)
                self._stopped.wait(max(_LEAST, _REST * (time.monotonic() - began)))
                self._changed.wait(_TICK)
