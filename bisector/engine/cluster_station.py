"""One worker of a cluster: its clone, slots, artefacts and logs, and the probes that run there."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bisector.engine.cluster_folders import Source, cloned, own_folder
from bisector.engine.cluster_shipment import Shipment
from bisector.engine.fair_runs import Patience
from bisector.engine.reader import Reader
from bisector.engine.slots import Slots
from bisector.errors import EnvironmentFault, HistoryError, InfrastructureFault
from bisector.history.repository import Repository
from bisector.history.transport import Packed, add
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.build_identity import printed
from bisector.probe.environment import allowed_environment
from bisector.probe.identity import Identity
from bisector.probe.judge import Judge
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.probe import prober
from bisector.probe.reading import Reading
from bisector.probe.request import Request
from bisector.probe.scheduling import Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.step import OnStep, Step

LOG_SENT = 256 * 1024
"""Bytes of the head of a log, and of its tail, that are sent back with a reading."""

_PATIENCE = 60.0
"""Seconds within which a stopped probe must leave its slot."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reading, and the contents of its logs by name."""

    reading: Reading
    logs: dict[str, bytes]


class Station:
    """One worker's files and probes for one hunt, below `folder`.

    `keep` says whether clones, artefacts and files stay for other hunts. Raises `InfrastructureFault` and
    `EnvironmentFault` for what this machine lacks, as `read` does.
    """

    def __init__(self, shipment: Shipment, source: Source, folder: Path, *, keep: bool) -> None:
        self._shipment = shipment
        self._root = folder / socket.gethostname() if keep else folder
        self._keep = keep
        self._stops: dict[str, threading.Event] = {}
        self._lanes: list[_Lane] = []
        self._free: list[_Lane] = []
        self._changed = threading.Condition()
        self._closed = False
        clean_leftovers()
        try:
            self._work, self._lock = own_folder(self._root / "work")
        except OSError as error:
            raise EnvironmentFault(
                f"the worker's folder {self._root} cannot be used ({error.strerror}); choose another "
                "`engine.folder`"
            ) from error
        files = shipment.unpack_files(self._root / "files")
        self._hunt = shipment.hunt(files)
        self._predicate = shipment.predicate(self._hunt, files)
        self._repository = cloned(source, self._root / "repositories", self._work / "repository.git")
        setting = self._hunt.environment
        self._environment = allowed_environment(setting.pass_, setting.set, os.environ)
        compiler = printed(self._hunt, self._environment, files)
        self._identity = Identity(
            self._hunt, self._repository, self._environment, shipment.ends, compiler, self._predicate
        )
        self._slots = Slots(self._work / "slots", self._repository)
        self._slots.__enter__()

    def read(self, ticket: str, request: Request, number: int, extra: Packed | None, tell: OnStep) -> Answer:
        """Take a reading; `number` is in the names of its logs. `extra` has commits outside the range.

        Raises `GivenUp` once `stop` is called for this ticket, even if that was before.
        """
        with self._lane(ticket) as lane:
            clean_leftovers()
            for commit in (request.commit, request.against):
                self._require(commit, extra)
            lane.tell = tell
            return lane.read(request, number)

    def stop(self, ticket: str) -> None:
        """Stop the reading with this ticket as soon as possible, or before it begins."""
        with self._changed:
            self._stops.setdefault(ticket, threading.Event()).set()

    def close(self) -> None:
        """Stop running probes, and remove everything that is not to be kept."""
        with self._changed:
            self._closed = True
            for stop in self._stops.values():
                stop.set()
            self._changed.wait_for(lambda: len(self._free) == len(self._lanes), _PATIENCE)
        with contextlib.suppress(OSError, EnvironmentFault):
            self._slots.__exit__(None, None, None)
            clean_leftovers()  # Including those of killed workers on this machine.
        shutil.rmtree(self._work, ignore_errors=True)
        self._lock.release()
        if not self._keep:
            shutil.rmtree(self._root, ignore_errors=True)

    @contextlib.contextmanager
    def _lane(self, ticket: str) -> Iterator[_Lane]:
        """A lane for this thread alone; its slots still contain the builds of the last reading."""
        with self._changed:
            stop = self._stops.setdefault(ticket, threading.Event())
            if self._closed:
                raise InfrastructureFault("the worker is closing")
            lane = self._free.pop() if self._free else self._new_lane()
            lane.stop = stop
        try:
            yield lane
        finally:
            with self._changed:
                self._stops.pop(ticket, None)
                self._free.append(lane)
                self._changed.notify_all()

    def _new_lane(self) -> _Lane:
        hunt = self._hunt
        logs = self._work / "logs" / str(len(self._lanes))
        logs.mkdir(parents=True)
        lane = _Lane(logs)
        lane.setup = Setup(hunt, self._environment, logs, lane.on_step, Scheduling(tests=cpus_of(hunt)))
        builds = Builds(lane.setup, self._identity, ArtefactStore(self._root / "store", hunt.store))
        lane.reader = Reader(
            prober(builds, Judge(self._predicate, full_run=self._shipment.full_run)),
            self._slots,
            numbers=iter(lambda: lane.number, None),
            patience=Patience(self._shipment.fair_attempts),
        )
        self._lanes.append(lane)
        return lane

    def _require(self, commit: str, extra: Packed | None) -> None:
        with self._changed:
            if not commit or _has(self._repository, commit):
                return
            if extra is not None and commit in extra.commits:
                add(extra, self._repository)
                return
        raise EnvironmentFault(
            f"the repository on the worker has no commit {commit[:12]}; push it to the repository that the "
            "workers clone, or write `repository: bundle`"
        )


class _Lane:
    """A reader with its slots and logs, for one probe at a time."""

    reader: Reader
    setup: Setup
    tell: OnStep

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.stop = threading.Event()
        self.number = 0

    def on_step(self, commit: str, step: Step, detail: str) -> None:
        """Report a step to whoever waits for this reading."""
        self.tell(commit, step, detail)

    def read(self, request: Request, number: int) -> Answer:
        """Take a reading, with its logs."""
        for log in self._logs.iterdir():
            log.unlink()
        self.setup.scheduling = replace(self.setup.scheduling, stop=self.stop)
        self.number = number
        reading = self.reader.read(request)
        return Answer(reading, {log.name: _bounded(log) for log in self._logs.iterdir()})


def _has(repository: Repository, commit: str) -> bool:
    try:
        return repository.resolve(commit) == commit
    except HistoryError:
        return False


def _bounded(log: Path) -> bytes:
    """Head and tail of a log."""
    with log.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(2 * LOG_SENT if size <= 2 * LOG_SENT else LOG_SENT)
        if size <= 2 * LOG_SENT:
            return head
        file.seek(-LOG_SENT, os.SEEK_END)
        note = b"\n[... %d bytes left out ...]\n" % (size - 2 * LOG_SENT)
        return head + note + file.read()
