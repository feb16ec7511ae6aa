"""The engine for this machine: readers in threads, each with its slots, and a builder that prefetches."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from bisector.engine.account import Ahead
from bisector.engine.builder import Builder, OnFailure
from bisector.engine.reader import Reader
from bisector.engine.uninterrupted import uninterrupted
from bisector.predicate import Untestable
from bisector.probe.execution import GivenUp
from bisector.probe.reading import KnownUntestable, Reading
from bisector.probe.request import Request
from bisector.probe.step import OnStep, Step


@dataclass(frozen=True, slots=True)
class _Ended:
    """The outcome of a worker's `turn`."""

    worker: _Worker
    turn: int
    outcome: Reading | BaseException


Said = tuple[str, Step, str] | _Ended | KnownUntestable
"""A step, how a turn ended, or a commit whose prefetched build failed."""

MakeReader = Callable[[OnStep, threading.Event], Reader]
"""(callback for steps, event that gives a reading up) -> a reader with its own slots."""

MakeBuilder = Callable[[OnStep, OnFailure, threading.Event], Builder]


class LocalEngine:
    """Reads up to `jobs` commits at once and prefetches builds; see `bisector.hunt.drive.Engine`.

    Calls `make_reader` once per job, on first use. If `make_builder` is None, prefetches nothing. Calls
    `on_step` in the thread that waits for readings. A context manager: stops everything on exit.
    """

    def __init__(
        self,
        jobs: int,
        make_reader: MakeReader,
        make_builder: MakeBuilder | None,
        on_step: OnStep,
    ) -> None:
        self.jobs = jobs
        self._make_reader = make_reader
        self._on_step = on_step
        self._said: queue.SimpleQueue[Said] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._builder = make_builder(self._say, self._say_failed, threading.Event()) if make_builder else None

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted():
            for worker in self._workers:
                worker.end()
            if self._builder:
                self._builder.end()

    @property
    def ahead(self) -> Ahead:
        """The account of prefetched builds so far."""
        return self._builder.account() if self._builder else Ahead()

    @property
    def running(self) -> list[Request]:
        """The requests that readers are working on."""
        return [worker.request for worker in self._workers if worker.request is not None]

    def begin(self, request: Request) -> None:
        """Hand the request to a free reader, preferably one that has the commit built."""
        if self._builder:
            self._builder.asked_for(request)
        free = [worker for worker in self._workers if worker.request is None]
        there = [worker for worker in free if worker.stands_at(request)]
        if not free and len(self._workers) < self.jobs:
            free.append(_Worker(self._make_reader, self._say, self._said))
            self._workers += free
        (there or free)[0].take(request)

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """The next reading, or a commit whose prefetched build failed, unless it is being read.

        None after `longest` seconds without either. Raises what a reader raised.
        """
        deadline = None if longest is None else time.monotonic() + longest
        while True:
            try:
                said = self._said.get(timeout=deadline and max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if isinstance(said, KnownUntestable):
                if said.commit not in [request.commit for request in self.running]:
                    return said
            elif not isinstance(said, _Ended):
                self._on_step(*said)
            elif said.worker.done(said.turn):
                if isinstance(said.outcome, BaseException):
                    raise said.outcome
                return said.outcome

    def cancel(self, request: Request) -> None:
        """Stop the reading of this request."""
        for worker in self._workers:
            if worker.request == request:
                worker.cancel()
                self._on_step(request.commit, Step.DONE, "")

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Pass the likely requests to the builder."""
        if self._builder:
            self._builder.see_to(likely())

    def _say(self, commit: str, step: Step, detail: str) -> None:
        self._said.put((commit, step, detail))

    def _say_failed(self, commit: str, why: Untestable, seconds: float) -> None:
        self._said.put(KnownUntestable(commit, why.why, datetime.now(UTC), seconds))


class _Worker:
    """A thread that takes one reading after another."""

    def __init__(self, make_reader: MakeReader, on_step: OnStep, said: queue.SimpleQueue[Said]) -> None:
        self.request: Request | None = None
        """What it is working on, from the engine's point of view."""
        self._turn = 0
        self._stop = threading.Event()
        self._reader = make_reader(on_step, self._stop)
        self._said = said
        self._inbox: queue.SimpleQueue[tuple[int, Request] | None] = queue.SimpleQueue()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._work, name="bisector-reader", daemon=True)
        self._thread.start()

    def stands_at(self, request: Request) -> bool:
        return self._reader.stands_at(request)

    def take(self, request: Request) -> None:
        self.request = request
        self._turn += 1
        self._idle.clear()
        self._inbox.put((self._turn, request))

    def done(self, turn: int) -> bool:
        """Record that this turn is over; False if it was cancelled."""
        if turn != self._turn:
            return False
        self.request = None
        return True

    def cancel(self) -> None:
        """Stop the reading; when this returns, the thread is free."""
        self._stop.set()
        self._idle.wait()
        self._stop.clear()
        # It may have ended just before: its outcome then belongs to a turn that no longer counts.
        self._turn += 1
        self.request = None

    def end(self) -> None:
        self._stop.set()
        self._inbox.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._inbox.get()) is not None:
            turn, request = asked
            outcome = self._outcome(request)
            # Set before reporting: the receiver may hand over the next request at once.
            self._idle.set()
            if outcome is not None:
                self._said.put(_Ended(self, turn, outcome))

    def _outcome(self, request: Request) -> Reading | BaseException | None:
        """The reading, or the error; None if it was given up."""
        try:
            return self._reader.read(request)
        except GivenUp:
            return None
        except BaseException as error:
            return error
