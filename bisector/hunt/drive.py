"""The driver of a hunt: has read what the decision wants, and writes down every reading as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.decide.estimates import seconds_left
from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Conclude
from bisector.hunt.events import Listener, Noted, ProbeBegan, ReadingTaken, SearchMoved
from bisector.hunt.known import Known
from bisector.hunt.lookahead import Lookahead
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request


class Engine(Protocol):
    """Where commits are read."""

    @property
    def jobs(self) -> int:
        """How many readings may run at once; 1 for measured ones, which disturb each other."""
        ...

    @property
    def running(self) -> Sequence[Request]:
        """The readings that have begun and not ended."""
        ...

    def begin(self, request: Request) -> None:
        """Begin a reading."""
        ...

    def cancel(self, request: Request) -> None:
        """End a running reading; nothing comes of it."""
        ...

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """The next reading to end, or a commit that a build ahead has failed at.

        None after `longest` seconds without either. Raises `InfrastructureFault` when no reading can be had:
        a fault is never a judgement.
        """
        ...

    def build_ahead(self, requests: Callable[[], Sequence[Request]]) -> None:
        """Build for these, likeliest first, while others are tested; in place of those named before."""
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
    only_premise: bool = False,
) -> Conclusion | None:
    """Go on from what is `known` until a conclusion; with `only_premise` None once that is established.

    `record` is called with all that is found, as it is found. `spent` says whether the time is over.
    """
    decider = Decider(plan)
    decide = decider.premise if only_premise else decider.next
    notes = Notes(listener)

    def begin(request: Request) -> None:
        listener(ProbeBegan(request.commit, request.role))
        lookahead.stopwatch.begun(request)
        engine.begin(decider.with_ends(known, request))

    while True:
        running = lookahead.running(known, engine.running)
        step = decide(known, running, spent=spent())
        notes.tell(step.notes if step else ())
        if step is None or isinstance(step, Conclude):
            _reconcile(engine, (), begin)
            return step.conclusion if step else None
        wanted = lookahead.more(known, step, running, 1 if only_premise else engine.jobs)
        _reconcile(engine, wanted, begin)
        engine.build_ahead(partial(lookahead.builds, known, wanted))
        found = engine.next(lookahead.patience(known, engine.running) if engine.jobs > 1 else None)
        if found is not None:
            record(found)
            known = known.plus(found)
            _tell(found, plan, decider, known, listener)


def _reconcile(engine: Engine, wanted: Sequence[Request], begin: Callable[[Request], None]) -> None:
    """Have the first of what is wanted run, as many as there is room for, and nothing else."""
    first = wanted[: engine.jobs]
    for request in engine.running:
        if request not in first:
            engine.cancel(request)
    for request in first:
        if request not in engine.running:
            begin(request)


def _tell(
    found: Reading | KnownUntestable, plan: Plan, decider: Decider, known: Known, listener: Listener
) -> None:
    if not isinstance(found, Reading):
        return
    listener(ReadingTaken(found))
    endpoints = (known.of(end, Role.PREMISE) for end in (plan.good[0], plan.bad))
    if found.role is not Role.SEARCH or not all(endpoints):
        return
    belief = decider.belief(known)
    likeliest, probability = next(iter(belief.posterior().items()), ("", 0.0))
    listener(
        SearchMoved(
            candidates_left=belief.candidates_left,
            probes_left=belief.probes_left,
            seconds_left=seconds_left(plan, known.readings, belief.probes_left),
            likeliest=likeliest,
            probability=probability,
        )
    )


class Notes:
    """Tells each note once."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._told: set[str] = set()

    def tell(self, notes: Sequence[str]) -> None:
        """Tell those that were not told yet."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                self._listener(Noted(note))
