"""Probes as tasks on a Dask cluster: which worker reads what, and what happens if the worker dies."""

from __future__ import annotations

import itertools
import math
import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from bisector.engine.account import Ahead
from bisector.engine.cluster_folders import Source
from bisector.engine.cluster_orders import Beyond, Order
from bisector.engine.cluster_shipment import Shipment
from bisector.engine.cluster_station import Answer
from bisector.engine.cluster_tasks import NAME, Dropped, Refusal, mark_of, probe
from bisector.engine.cluster_workers import Worker, Workers
from bisector.errors import BisectorError, EnvironmentFault, InfrastructureFault
from bisector.history.transport import Packed
from bisector.hunt_file.engine import Engine
from bisector.probe.reading import Reading
from bisector.probe.request import Request
from bisector.probe.step import OnStep, Step

_LOOK = 1.0
"""Seconds between two looks at the workers."""


class DaskEngine:
    """Reads commits on the workers of a Dask cluster; a `bisector.hunt.drive.Engine` and context manager.

    Each worker has its own clone, slots and artefacts, and measures against a reference that it built
    itself, so that machines of different speed are comparable. With `alone`, for predicates that depend on
    time, a machine runs `options.per_machine` probes at once: two workers on one machine would disturb each
    other. Otherwise each thread of a worker runs one.

    One task on a worker of this engine's choice takes each reading. If that worker dies or lacks something,
    the reading starts over on another one; after `options.retries` such moves, or if every worker has
    failed, `next` raises. `pack` returns commits that `source` does not have. Logs come back to the folder
    `logs`, numbered from `first`.
    """

    def __init__(
        self,
        client: Any,  # A distributed.Client; most of its methods are untyped.
        options: Engine,
        shipment: Shipment,
        source: Source,
        pack: Callable[[Sequence[str]], Packed],
        logs: Path,
        on_step: OnStep,
        *,
        first: int = 1,
        alone: bool = False,
    ) -> None:
        self._client = client
        self._options = options
        self._logs = logs
        self._on_step = on_step
        self._name = f"{NAME}{shipment.key[:12]}-{mark_of(client.id)}"
        self._workers = Workers(client, self._name, options, shipment, source, alone=alone)
        self._beyond = Beyond(source, pack)
        self._numbers = itertools.count(first)
        self._tickets = itertools.count(1)
        self._waiting: deque[Order] = deque()
        self._under_way: dict[str, Order] = {}
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._looked = 0.0
        self._told_waiting = False

    def __enter__(self) -> DaskEngine:
        self._client.subscribe_topic(self._name, lambda event: self._news.put(event[1]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for order in [*self._waiting, *self._under_way.values()]:
            self._drop(order)
        self._workers.leave()

    @property
    def jobs(self) -> int:
        """Number of readings that the present workers can take at once; 1 while there are none."""
        self._look()
        return max(self._workers.places, 1)

    @property
    def ahead(self) -> Ahead:
        """Nothing: a cluster does not prefetch builds."""
        return Ahead()

    @property
    def running(self) -> list[Request]:
        """The requests that wait for a worker or run on one."""
        return [order.request for order in (*self._waiting, *self._under_way.values())]

    def begin(self, request: Request) -> None:
        """Hand a request to a free worker, or queue it until there is one."""
        self._waiting.append(Order(next(self._numbers), request))
        self._look()
        self._hand_out()

    def next(self, longest: float | None = None) -> Reading | None:
        """The next reading to end, with its logs on this machine; None after `longest` seconds.

        Raises `InfrastructureFault` and `EnvironmentFault` if no worker can take it, or the scheduler is
        gone; and whatever a worker found wrong with the hunt itself.
        """
        if not self._waiting and not self._under_way:
            raise RuntimeError("no reading is in progress")
        until = time.monotonic() + (math.inf if longest is None else longest)
        while (left := until - time.monotonic()) > 0:
            self._look()
            self._hand_out()
            try:
                news = self._news.get(timeout=min(left, _LOOK))
            except queue.Empty:
                continue
            if isinstance(news, dict):
                self._tell(news)
            elif (order := self._under_way.get(news)) is not None:
                reading = self._taken(order)
                if reading is not None:
                    return reading
        return None

    def read(self, request: Request) -> Reading:
        """Read a commit once; no other reading may be in progress."""
        self.begin(request)
        while (reading := self.next()) is None:
            pass
        return reading

    def cancel(self, request: Request) -> None:
        """Drop a reading in progress and stop its test."""
        for order in [*self._waiting, *self._under_way.values()]:
            if order.request == request:
                self._drop(order)
                self._on_step(request.commit, Step.DONE, "")
                return

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Does nothing: one worker's build is useless to another, and a free worker should probe instead."""

    def _look(self) -> None:
        """Check which workers came and went, at most once a second."""
        if time.monotonic() - self._looked < _LOOK:
            return
        for worker in self._workers.look():
            for order in [order for order in self._under_way.values() if order.worker is worker]:
                self._lost(order, worker)
        self._looked = time.monotonic()

    def _hand_out(self) -> None:
        """Give queued requests to free workers."""
        for order in list(self._waiting):
            worker = self._workers.free_for(order.request, order.refused | order.gone)
            if worker is None:
                self._tell_waiting(order)
                continue
            self._waiting.remove(order)
            self._submit(order, worker)

    def _tell_waiting(self, order: Order) -> None:
        if not self._told_waiting and not self._workers.there:
            self._told_waiting = True
            self._on_step(order.request.commit, Step.RETRYING, "the cluster has no worker yet")

    def _submit(self, order: Order, worker: Worker) -> None:
        ticket = f"{self._name}-{worker.session}-{next(self._tickets)}"
        order.ticket, order.worker = ticket, worker
        extra = self._beyond.packed_for(order.request)
        order.future = self._client.submit(
            *(probe, self._name, ticket, order.request, order.number, extra, worker.ready),
            key=ticket,
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
        )
        self._under_way[ticket] = order
        worker.busy.add(ticket)
        worker.last = order.request.commit
        order.future.add_done_callback(lambda _future: self._news.put(ticket))

    def _tell(self, news: dict[str, str]) -> None:
        order = self._under_way.get(news["ticket"])
        if order is not None and order.worker is not None:
            on = f"on {order.worker.host}"
            detail = f"{news['detail']} ({on})" if news["detail"] else on
            self._on_step(news["commit"], Step[news["step"]], detail)

    def _taken(self, order: Order) -> Reading | None:
        """The reading that a task returned; None if it must start over."""
        worker = order.worker
        assert worker is not None
        answer = self._workers.result(order.future, worker)
        if answer is None or isinstance(answer, Dropped):
            self._lost(order, worker)
            return None
        if isinstance(answer, Refusal):
            self._refused(order, worker, answer)
            return None
        self._end(order)
        return self._with_logs(answer)

    def _lost(self, order: Order, worker: Worker) -> None:
        order.gone.add(worker.address)
        self._move(order, InfrastructureFault(f"the worker {worker} disappeared during a probe"))

    def _refused(self, order: Order, worker: Worker, answer: Refusal) -> None:
        """Move the reading if the machine is at fault; a worker that lacks something gets no more work."""
        error = answer.error(worker.host)
        if not isinstance(error, EnvironmentFault):
            self._end(order)
            raise error
        if not isinstance(error, InfrastructureFault):
            worker.fault = error
        order.refused.add(worker.address)
        self._move(order, error)

    def _move(self, order: Order, error: BisectorError) -> None:
        """Start the reading over on another worker; raises `error` after too many moves."""
        commit = order.request.commit
        self._end(order)
        order.moved += 1
        if order.moved > self._options.retries or not self._workers.left_for(order.refused):
            raise type(error)(f"no worker could probe {commit[:12]}; the last attempt: {error}") from error
        self._on_step(commit, Step.RETRYING, f"{error}; another worker takes over")
        self._waiting.appendleft(order)

    def _end(self, order: Order) -> None:
        """Drop the task, but keep the order."""
        self._under_way.pop(order.ticket, None)
        if order.worker is not None:
            order.worker.busy.discard(order.ticket)
        order.future.release()

    def _drop(self, order: Order) -> None:
        if order in self._waiting:
            self._waiting.remove(order)
        elif order.worker is not None:
            self._workers.stop(order.ticket, order.worker, order.future)
            self._end(order)

    def _with_logs(self, answer: Answer) -> Reading:
        """The reading, with its log stored where reports on this machine find it."""
        for name, content in answer.logs.items():
            (self._logs / Path(name).name).write_bytes(content)
        log = answer.reading.log
        return replace(answer.reading, log=self._logs / log.name if log else None)
