"""The workers of a Dask cluster as a hunt sees them: which are present, ready, and free."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import uuid
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import distributed

from bisector.engine.cluster_folders import Source
from bisector.engine.cluster_shipment import Shipment
from bisector.engine.cluster_tasks import Identity, greet, hunts, itself, leave, prepare, stop, unfit
from bisector.errors import EnvironmentFault
from bisector.hunt_file.engine import Engine
from bisector.probe.request import Request

_PATIENCE = 1.0
"""Seconds to wait for workers to identify themselves, and for a result."""

_NAP = 0.01


@dataclass(eq=False)
class Worker:
    """One worker process; `busy` has the tickets of its probes, `fault` is why it cannot be used."""

    address: str
    threads: int
    session: str
    host: str = ""
    machine: str = ""
    ready: Any = None
    fault: EnvironmentFault | None = None
    busy: set[str] = field(default_factory=set)
    last: str = ""

    def __str__(self) -> str:
        return f"{self.address} on {self.host}"


class Workers:
    """The workers of the cluster behind `client`, each of which gets a station for the hunt `name`.

    Methods raise `EnvironmentFault` if the scheduler is gone, or if there was no worker for too long.
    """

    def __init__(
        self,
        client: Any,  # A distributed.Client; most of its methods are untyped.
        name: str,
        options: Engine,
        shipment: Shipment,
        source: Source,
        *,
        alone: bool,
    ) -> None:
        self._client = client
        self._name = name
        self._options = options
        self._alone = alone
        self._session = uuid.uuid4().hex[:8]
        self._address = self._client.scheduler.address
        self._there: dict[str, Worker] = {}
        self._asked_who: set[str] = set()
        self._said: dict[str, object] = {}
        self._since = time.monotonic()
        self._sent = {"hunt": shipment, "history": source}
        self._kept: dict[str, Any] = {}

    @property
    def there(self) -> list[Worker]:
        """The usable workers."""
        return [worker for worker in self._there.values() if worker.fault is None]

    @property
    def places(self) -> int:
        """The number of probes that they can run at once."""
        if not self._alone:
            return sum(worker.threads for worker in self.there)
        machines = [worker.machine for worker in self.there]
        return sum(min(self._options.per_machine, machines.count(machine)) for machine in set(machines))

    def look(self) -> list[Worker]:
        """Add new workers; returns those that left since the last look."""
        self._require_scheduler()
        threads = self._asked(self._client.nthreads)
        gone = [self._there.pop(address) for address in list(self._there) if address not in threads]
        self._ask_who_is_new(threads)
        for address in list(self._said):
            identity = self._said.pop(address)
            self._asked_who.discard(address)
            if address in threads and identity is not None:
                self._take_in(Worker(address, threads[address], self._session), identity)
        if self.there:
            self._since = time.monotonic()
        else:
            self._require_patience()
        return gone

    def free_for(self, request: Request, refused: Collection[str]) -> Worker | None:
        """A worker with a free place, preferably one that has the commit built."""
        free = [worker for worker in self.there if worker.address not in refused and self._is_free(worker)]
        return min(free, key=lambda one: (one.last != request.commit, len(one.busy)), default=None)

    def left_for(self, refused: Collection[str]) -> bool:
        """Whether a worker may still try what these refused: another one, or one yet to come if none is."""
        usable = [worker.address not in refused for worker in self.there]
        return any(usable) or (not self._there and not refused)

    def result(self, future: Any, worker: Worker) -> Any:
        """What a task returned; None if its worker left, or the task was cancelled."""
        while True:
            if future.status in ("cancelled", "lost"):
                self._require_scheduler()
                return None
            try:
                return future.result(timeout=_PATIENCE)
            except TimeoutError:
                if worker.address not in self._asked(self._client.nthreads):
                    return None
            except distributed.KilledWorker:
                return None
            except distributed.CancelledError:
                self._require_scheduler()
                return None

    def stop(self, ticket: str, worker: Worker, future: Any) -> None:
        """Stop a probe on its worker, whatever its state."""
        if self._client.status == "running":
            future.cancel()
            # Not waited for: Dask takes half a minute to give up on a worker that has just died.
            tell = functools.partial(self._run, stop, ticket, workers=[worker.address])
            threading.Thread(target=tell, daemon=True).start()

    def leave(self) -> None:
        """Make every worker remove what this hunt created there."""
        with contextlib.suppress(EnvironmentFault):
            self._require_scheduler()
            there = self._asked(self._client.nthreads)
            self._run(leave, workers=[address for address in self._there if address in there])

    def _keep(self, what: str, worker: Worker) -> Any:
        """A part of the hunt as a task result, so that Dask can compute it again if a worker dies."""
        if what not in self._kept:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")
                self._kept[what] = self._client.submit(
                    *(itself, self._sent[what]),
                    key=f"{self._name}-{self._session}-{what}",
                    workers=[worker.address],
                    allow_other_workers=True,
                    pure=False,
                )
        return self._kept[what]

    def _ask_who_is_new(self, threads: Mapping[str, int]) -> None:
        """Ask each new worker in its own thread: Dask takes long to give up on one that has just died."""
        new = [address for address in threads if address not in self._there.keys() | self._asked_who]
        if not new:
            return
        living = self._asked(lambda: self._client.run_on_scheduler(hunts))
        for address in new:
            self._asked_who.add(address)
            threading.Thread(target=self._ask_who, args=(address, living), daemon=True).start()
        until = time.monotonic() + _PATIENCE
        while not self._said.keys() >= set(new) and time.monotonic() < until:
            time.sleep(_NAP)

    def _ask_who(self, address: str, living: Sequence[str]) -> None:
        self._said[address] = self._run(greet, living, workers=[address]).get(address)

    def _take_in(self, worker: Worker, identity: object) -> None:
        address = worker.address
        self._there[address] = worker
        if isinstance(identity, Identity):
            worker.host, worker.machine = identity.host, identity.machine
        worker.fault = unfit(address, identity)
        if worker.fault is None:
            hunt, history = (self._keep(what, worker) for what in self._sent)
            worker.ready = self._client.submit(
                *(prepare, self._name, hunt, history, self._options.folder),
                key=f"{self._name}-{self._session}-{address}",
                workers=[address],
                allow_other_workers=False,
                pure=False,
            )

    def _run(self, function: Any, *arguments: Any, workers: list[str]) -> dict[str, Any]:
        """What `function` returned or raised on these workers, without the unreachable ones."""
        with contextlib.suppress(OSError, TimeoutError, ValueError, RuntimeError):
            answers: dict[str, Any] = self._client.run(
                function, self._name, *arguments, workers=workers, on_error="return"
            )
            return {a: said for a, said in answers.items() if not isinstance(said, OSError | TimeoutError)}
        return {}

    def _asked(self, question: Any) -> Any:
        try:
            return question()
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise self._gone() from error

    def _is_free(self, worker: Worker) -> bool:
        if not self._alone:
            return len(worker.busy) < worker.threads
        on_machine = sum(len(one.busy) for one in self.there if one.machine == worker.machine)
        return not worker.busy and on_machine < self._options.per_machine

    def _require_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._gone()

    def _gone(self) -> EnvironmentFault:
        return EnvironmentFault(
            f"the Dask scheduler {self._address} is gone; restart it and run the same hunt again: it resumes "
            "where it stopped"
        )

    def _require_patience(self) -> None:
        """Raise `EnvironmentFault` if all workers are unfit, or if there was none for too long."""
        unfit = [worker.fault for worker in self._there.values() if worker.fault]
        if unfit:
            raise unfit[0]
        if time.monotonic() - self._since > self._options.wait:
            raise EnvironmentFault(
                f"the Dask scheduler {self._address} has had no worker for {self._options.wait:.0f} s; start "
                "workers, or raise `engine.wait`"
            )
