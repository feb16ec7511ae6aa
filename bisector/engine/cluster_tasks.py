"""Functions that run on the workers of a Dask cluster: thin calls into the worker's `Station`."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import distributed

import bisector
from bisector import errors
from bisector.engine.cluster_folders import Source
from bisector.engine.cluster_shipment import Shipment
from bisector.engine.cluster_station import Answer, Station
from bisector.errors import BisectorError, EnvironmentFault
from bisector.history.transport import Packed
from bisector.probe.execution import GivenUp
from bisector.probe.request import Request
from bisector.probe.step import Step

NAME = "bisector-"
"""Prefix of a hunt's name on the workers; the name ends in the mark of its client."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")

_PATIENCE = 10.0
"""Seconds that the end of a hunt waits for a clone in progress."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifies a worker. Workers with the same `machine` share CPUs, as do containers of one kernel."""

    version: str
    host: str
    machine: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `BisectorError` returned as a value, so that Dask neither logs nor retries it."""

    kind: str
    text: str

    def error(self, host: str) -> BisectorError:
        """The error, with the host that it happened on."""
        kind: type[BisectorError] = getattr(errors, self.kind, EnvironmentFault)
        return kind(f"on {host}: {self.text}")


@dataclass(frozen=True, slots=True)
class Dropped:
    """No reading: it was given up."""


class Keeper(distributed.WorkerPlugin):
    """Holds a worker's station of one hunt, and closes it when the hunt or the worker ends."""

    def __init__(self) -> None:
        self.station: Station | None = None
        self._making = threading.Lock()
        self._over = False

    def make(self, shipment: Shipment, source: Source, folder: Path, *, keep: bool) -> None:
        """Make the station; close it at once if the hunt ended in the meantime."""
        with self._making:
            if self._over:
                return
            station = Station(shipment, source, folder, keep=keep)
            if self._over:
                station.close()
            else:
                self.station = station

    def close(self) -> None:
        """Close the station; if it is still being made for long, `make` closes it."""
        self._over = True
        if self._making.acquire(timeout=_PATIENCE):
            self._making.release()
        if self.station is not None:
            self.station.close()

    async def teardown(self, worker: distributed.Worker) -> None:
        """Called by Dask on the event loop, which must not block."""
        await asyncio.to_thread(self.close)


def hunts(dask_scheduler: distributed.Scheduler) -> list[str]:
    """The marks of all living clients, whose hunts may be running; runs on the scheduler."""
    return [mark_of(client) for client in dask_scheduler.clients]


def mark_of(client: str) -> str:
    """A short mark for a client's hunts on the workers, usable in a folder name."""
    return hashlib.sha256(client.encode()).hexdigest()[:8]


async def greet(name: str, living: Sequence[str], dask_worker: distributed.Worker) -> Identity:
    """Identify the worker, and close stations of hunts whose client is not among the `living`."""
    for left in [left for left in dask_worker.plugins if left.startswith(NAME)]:
        if left.rpartition("-")[2] not in living:
            await dask_worker.plugin_remove(name=left)
    await dask_worker.plugin_add(Keeper(), name=name)
    machine = _BOOT.read_text().strip() if _BOOT.exists() else socket.gethostname()
    return Identity(bisector.__version__, socket.gethostname(), machine)


def unfit(address: str, identity: object) -> EnvironmentFault | None:
    """Why a worker with this answer cannot probe; None if it can."""
    if not isinstance(identity, Identity):
        return EnvironmentFault(
            f"the worker {address} cannot run bisector ({identity}); install the same version there: "
            f"bisector[dask] {bisector.__version__}"
        )
    if identity.version != bisector.__version__:
        return EnvironmentFault(
            f"the worker {address} on {identity.host} has bisector {identity.version}, but this is "
            f"{bisector.__version__}; install the same version there"
        )
    return None


def itself(thing: Any) -> Any:
    """Return `thing`, which makes it the result of a task."""
    return thing


async def leave(name: str, dask_worker: distributed.Worker) -> None:
    """Close the worker's station of the hunt `name`."""
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name=name)


def stop(name: str, ticket: str, dask_worker: distributed.Worker) -> None:
    """Stop a probe."""
    keeper = dask_worker.plugins.get(name)
    if isinstance(keeper, Keeper) and keeper.station is not None:
        keeper.station.stop(ticket)


def prepare(name: str, shipment: Shipment, source: Source, folder: str | None) -> Refusal | None:
    """Make the worker's station; returns why that failed, None if it did not."""
    worker = distributed.get_worker()
    own = Path(folder) if folder else Path(worker.local_directory) / name
    try:
        keeper = cast("Keeper", worker.plugins[name])
        keeper.make(shipment, source, own, keep=folder is not None)
    except KeyError:
        return Refusal("InfrastructureFault", "the hunt ended before it began here")
    except BisectorError as error:
        return _refusal(error)
    return None


def probe(
    name: str, ticket: str, request: Request, number: int, extra: Packed | None, ready: Refusal | None
) -> Answer | Refusal | Dropped:
    """Read a commit in the worker's station, and report its steps under the topic `name`."""
    if ready is not None:
        return ready
    worker = distributed.get_worker()
    keeper = worker.plugins.get(name)
    station = keeper.station if isinstance(keeper, Keeper) else None
    if station is None:
        return Dropped()

    def tell(commit: str, step: Step, detail: str) -> None:
        worker.log_event(name, {"ticket": ticket, "commit": commit, "step": step.name, "detail": detail})

    try:
        return station.read(ticket, request, number, extra, tell)
    except GivenUp:
        return Dropped()
    except BisectorError as error:
        return _refusal(error)
    except OSError as error:
        return Refusal("EnvironmentFault", f"{type(error).__name__}: {error}")


def _refusal(error: BisectorError) -> Refusal:
    return Refusal(type(error).__name__, str(error))
