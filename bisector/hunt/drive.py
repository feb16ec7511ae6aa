"""The driver of a hunt: takes the readings that the decision asks for, and records each as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Conclude
from bisector.hunt.events import Listener, Noted, ProbeBegan, ReadingTaken
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead
from bisector.hunt.outlook import outlook
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request


class Engine(Protocol):
    """Tests commits and returns readings."""

    @property
    def jobs(self) -> int:
        """How many readings can run at once; 1 for measured ones, which disturb each other."""
        ...

    @property
    def running(self) -> Sequence[Request]:
        """The readings in progress."""
        ...

    def begin(self, request: Request) -> None:
        """Begin a reading."""
        ...

    def cancel(self, request: Request) -> None:
        """Stop a running reading; it gives no result."""
        ...

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """Wait for the next reading to end, or for a commit whose prefetched build failed.

        None after `longest` seconds without either. Raises `InfrastructureFault` if no reading is possible:
        a fault is never a judgement.
        """
        ...

    def build_ahead(self, requests: Callable[[], Sequence[Request]]) -> None:
        """Prefetch builds for these requests, likeliest first, while others are tested; replaces the last."""
        ...


def drive(
    plan: Plan,
    engine: Engine,
    known: Known,
    record: Callable[[Reading | KnownUntestable], None],
    listener: Listener,
    lookahead: Lookahead,
    *,
    spent: Callable[[], bool] = lambda: False,
    only: Role | None = None,
) -> Conclusion | None:
    """Continue from `known` to a conclusion.

    With `only`, None as soon as a reading of another role is needed; for the premise, once it is established.
    Calls `record` with each reading or fact as it is found. `spent` says whether the time is over.
    """
    decider = Decider(plan)
    decide = decider.premise if only is Role.PREMISE else decider.next
    notes = Notes(listener)

    def begin(request: Request) -> None:
        listener(ProbeBegan(request.commit, request.role))
        lookahead.stopwatch.begun(request)
        engine.begin(decider.with_ends(known, request))

    def look() -> None:
        listener(outlook(plan, known, decider.belief, only_premise=only is Role.PREMISE))

    look()
    while True:
        running = lookahead.running(known, engine.running)
        step = decide(known, running, spent=spent())
        notes.tell(step.notes if step else ())
        if step is None or isinstance(step, Conclude):
            _reconcile(engine, (), begin)
            return step.conclusion if step else None
        if only is not None and any(one.role is not only for one in step.requests):
            _reconcile(engine, (), begin)
            return None
        wanted = lookahead.more(known, step, running, engine.jobs if only is None else 1)
        _reconcile(engine, wanted, begin)
        engine.build_ahead(partial(lookahead.builds, known, wanted))
        found = engine.next(lookahead.patience(known, engine.running) if engine.jobs > 1 else None)
        if found is not None:
            record(found)
            known = known.plus(found)
        if isinstance(found, Reading):
            listener(ReadingTaken(found))
            look()


def _reconcile(engine: Engine, wanted: Sequence[Request], begin: Callable[[Request], None]) -> None:
    """Run as many of the first wanted requests as the engine has jobs, and cancel everything else."""
    first = wanted[: engine.jobs]
    for request in engine.running:
        if request not in first:
            engine.cancel(request)
    for request in first:
        if request not in engine.running:
            begin(request)


class Notes:
    """Reports each note once."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._told: set[str] = set()

    def tell(self, notes: Sequence[str]) -> None:
        """Report the notes that were not reported yet."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                self._listener(Noted(note))
