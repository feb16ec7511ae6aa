"""What runs on the workers of a Dask cluster: thin calls into the worker's `Station`."""

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
"""How the name of a hunt on the workers begins; it ends in the mark of its client."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")

_PATIENCE = 10.0
"""Seconds that the end of a hunt waits for a clone that is being made."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a worker is. Workers with the same `machine` share its CPUs, containers of one kernel too."""

    version: str
    host: str
    machine: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `BisectorError` on its way back: as a value, so that Dask neither logs nor retries it."""

    kind: str
    text: str

    def error(self, host: str) -> BisectorError:
        """The error, telling where it happened."""
        kind: type[BisectorError] = getattr(errors, self.kind, EnvironmentFault)
        return kind(f"on {host}: {self.text}")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing: the reading was given up."""


class Keeper(distributed.WorkerPlugin):
    """Holds a worker's station of one hunt, and closes it when the hunt or the worker ends."""

    def __init__(self) -> None:
        self.station: Station | None = None
        self._making = threading.Lock()
        self._over = False

    def make(self, shipment: Shipment, source: Source, folder: Path, *, keep: bool) -> None:
        """Make the station; nothing stays of it where all was over meanwhile."""
        with self._making:
            if self._over:
                return
            station = Station(shipment, source, folder, keep=keep)
            if self._over:
                station.close()
            else:
                self.station = station

    def close(self) -> None:
        """Close the station; one that is still being made is left to `make` if that takes long."""
        self._over = True
        if self._making.acquire(timeout=_PATIENCE):
            self._making.release()
        if self.station is not None:
            self.station.close()

    async def teardown(self, worker: distributed.Worker) -> None:
        """Called by Dask on the event loop, which goes on meanwhile."""
        await asyncio.to_thread(self.close)


def hunts(dask_scheduler: distributed.Scheduler) -> list[str]:
    """The marks of all clients that live, whose hunts may be under way; run on the scheduler."""
    return [mark_of(client) for client in dask_scheduler.clients]


def mark_of(client: str) -> str:
    """By what the hunts of a client are known on workers, short enough for a folder's name."""
    return hashlib.sha256(client.encode()).hexdigest()[:8]


async def greet(name: str, living: Sequence[str], dask_worker: distributed.Worker) -> Identity:
    """Who the worker is. What a hunt has left there whose client is not among the `living` is closed."""
    for left in [left for left in dask_worker.plugins if left.startswith(NAME)]:
        if left.rpartition("-")[2] not in living:
            await dask_worker.plugin_remove(name=left)
    await dask_worker.plugin_add(Keeper(), name=name)
    machine = _BOOT.read_text().strip() if _BOOT.exists() else socket.gethostname()
    return Identity(bisector.__version__, socket.gethostname(), machine)


def unfit(address: str, identity: object) -> EnvironmentFault | None:
    """Why a worker that answered so cannot probe."""
    if not isinstance(identity, Identity):
        return EnvironmentFault(
            f"the worker {address} cannot run bisector ({identity}); install there what is installed here: "
            f"bisector[dask] {bisector.__version__}"
        )
    if identity.version != bisector.__version__:
        return EnvironmentFault(
            f"the worker {address} on {identity.host} has bisector {identity.version}, and this is "
            f"{bisector.__version__}; install the same there"
        )
    return None


def itself(thing: Any) -> Any:
    """The same: what it is given becomes the result of a task."""
    return thing


async def leave(name: str, dask_worker: distributed.Worker) -> None:
    """Close the worker's station of the hunt `name`."""
    if name in dask_worker.plugins:
        await dask_worker.plugin_remove(name=name)


def stop(name: str, ticket: str, dask_worker: distributed.Worker) -> None:
    """End a probe."""
    keeper = dask_worker.plugins.get(name)
    if isinstance(keeper, Keeper) and keeper.station is not None:
        keeper.station.stop(ticket)


def prepare(name: str, shipment: Shipment, source: Source, folder: str | None) -> Refusal | None:
    """Make the worker's station; the reason why there can be none."""
    worker = distributed.get_worker()
    own = Path(folder) if folder else Path(worker.local_directory) / name
    try:
        keeper = cast("Keeper", worker.plugins[name])
        keeper.make(shipment, source, own, keep=folder is not None)
    except KeyError:
        return Refusal("InfrastructureFault", "the hunt was over before it began here")
    except BisectorError as error:
        return _refusal(error)
    return None


def probe(
    name: str, ticket: str, request: Request, number: int, extra: Packed | None, ready: Refusal | None
) -> Answer | Refusal | Dropped:
    """Read a commit in the worker's station, and tell its steps under the topic `name` meanwhile."""
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
