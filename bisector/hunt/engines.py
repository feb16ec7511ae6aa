"""Sets up what reads the commits of a hunt: slots in its scratch folder, and a reader or an engine."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

from bisector.engine.builder import Builder, OnFailure
from bisector.engine.fair_runs import Patience
from bisector.engine.local import LocalEngine
from bisector.engine.reader import Reader, SameArtifact, Seats
from bisector.engine.slots import Slots
from bisector.hunt.events import Listener, Noted, StepBegan
from bisector.hunt.ground import Ground
from bisector.predicate import Predicate
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build import Builds
from bisector.probe.contention import tells_waiting
from bisector.probe.judge import Judge
from bisector.probe.probe import Prober, prober
from bisector.probe.scheduling import LAST, Scheduling, cpus_of
from bisector.probe.setup import Setup
from bisector.probe.step import OnStep, Step

_SHARE = 4
"""One in this many CPUs, and at least one, is for prefetching builds while measured tests run."""


@contextmanager
def reader_for(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    taken: int,
    listener: Listener,
    *,
    full_run: bool = False,
    slots: Slots | None = None,
    fair_attempts: int = 2,
    one_start: bool = False,
    predicate: Predicate[Any] | None = None,
) -> Iterator[Reader]:
    """A reader for the hunt `key`, which has `taken` readings already; removes its slots on exit.

    With `full_run`, good tests run to their end even if the answer is certain earlier. `slots` replaces the
    slots of the scratch folder, `predicate` that of the hunt. For `fair_attempts` see `Patience`, for
    `one_start` see `Standing`.
    """
    own = prober_for(ground, key, ends, listener, full_run=full_run, predicate=predicate)
    numbers = itertools.count(taken + 1)
    with slots or Slots(ground.scratch.slots, ground.repository) as held:
        yield Reader(own, held, numbers, patience=Patience(fair_attempts), one_start=one_start)


@contextmanager
def readers_for(
    grounds: Mapping[str, Ground], key: str, ends: Mapping[str, str], taken: int, listener: Listener
) -> Iterator[Mapping[str, Reader]]:
    """A reader for each of these hunts, by name. They differ only in their tests, and share slots and builds.

    For the other arguments see `reader_for`.
    """
    numbers, seats = itertools.count(taken + 1), Seats()
    first = next(iter(grounds.values()))
    with Slots(first.scratch.slots, first.repository) as slots:
        yield {
            name: Reader(prober_for(ground, key, ends, listener), slots, numbers, seats=seats)
            for name, ground in grounds.items()
        }


def prober_for(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    listener: Listener,
    *,
    full_run: bool = False,
    predicate: Predicate[Any] | None = None,
) -> Prober:
    """What builds, tests and judges the commits of the hunt `key`; for the options see `reader_for`."""
    builds = _builds(ground, key, ends, told(listener), Scheduling(tests=cpus_of(ground.hunt)))
    return prober(builds, Judge(predicate or ground.predicate, full_run=full_run))


@contextmanager
def engine_for(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    taken: int,
    listener: Listener,
    same_artifact: SameArtifact,
) -> Iterator[LocalEngine]:
    """An engine for the hunt `key`, which has `taken` readings already; removes its slots on exit.

    `same_artifact` returns the reading of a commit with a byte-identical build, which saves the run.

    Tests that depend on wall time leave one CPU free, unless their waiting time can be subtracted. Measured
    tests run one at a time, on other CPUs than prefetched builds: without CPUs for both, or without
    `build.outputs`, nothing is prefetched.
    """
    hunt, numbers = ground.hunt, itertools.count(taken + 1)
    tests, beside = _apart(cpus_of(hunt), measured=ground.ratio is not None)
    ahead = hunt.build is not None and bool(hunt.build.outputs) and hunt.build.ahead and bool(beside)
    if not ahead:
        tests = cpus_of(hunt)
    jobs, nice = _jobs(ground)
    failures: dict[str, str] = {}

    def builds(on_step: OnStep, scheduling: Scheduling) -> Builds:
        return _builds(ground, key, ends, on_step, scheduling, failures)

    with Slots(ground.scratch.slots, ground.repository) as slots:
        _note_others(slots, listener)

        def reader(on_step: OnStep, stop: Event) -> Reader:
            own = builds(on_step, Scheduling(tests=tests, nice=nice, stop=stop))
            return Reader(prober(own, Judge(ground.predicate)), slots, numbers, same_artifact)

        def builder(on_step: OnStep, on_failure: OnFailure, stop: Event) -> Builder:
            scheduling = Scheduling(builds=beside, nice=LAST, stop=stop)
            return Builder(builds(lambda *_step: None, scheduling), slots, on_step, on_failure)

        with LocalEngine(jobs, reader, builder if ahead else None, told(listener)) as engine:
            yield engine


def _jobs(ground: Ground) -> tuple[int, int]:
    """How many commits to read at once, and the niceness of their tests."""
    jobs = 1 if ground.ratio is not None else ground.hunt.jobs
    if not ground.predicate.by_wall_clock:
        return jobs, 0
    # A test that depends on wall time must not wait for another job or its build.
    cpus = len(os.sched_getaffinity(0))
    if ground.predicate.allows_for_waiting and tells_waiting():
        return min(jobs, cpus), 0
    return min(jobs, max(cpus - 1, 1)), LAST // 2


def _note_others(slots: Slots, listener: Listener) -> None:
    """Tell the listener which slots of the folder another hunt uses."""
    if slots.others:
        named = f"slot {slots.others[0]}" if len(slots.others) == 1 else f"slots {', '.join(slots.others)}"
        listener(Noted(f"{named} of {slots.root} in use by another hunt; using other slots"))


def _apart(tests: frozenset[int], *, measured: bool) -> tuple[frozenset[int], frozenset[int]]:
    """CPUs for tests and for prefetched builds; disjoint if tests are measured.

    The first set is empty if tests may use all CPUs, the second if none is left.
    """
    every = sorted(os.sched_getaffinity(0))
    if not measured:
        return tests, frozenset(every)
    if not tests:
        tests = frozenset(every[: len(every) - max(1, len(every) // _SHARE)])
    return tests, frozenset(every) - tests if tests else frozenset()


def _builds(
    ground: Ground,
    key: str,
    ends: Mapping[str, str],
    on_step: OnStep,
    scheduling: Scheduling,
    failures: dict[str, str] | None = None,
) -> Builds:
    setup = Setup(ground.hunt, ground.seen, ground.scratch.logs_made(key), on_step, scheduling)
    store = ArtefactStore(ground.scratch.store, ground.hunt.store)
    return Builds(setup, ground.identity(ends), store, failures)


def told(listener: Listener) -> OnStep:
    """The callback for an engine's steps that passes them to `listener`, and each note once."""
    noted: set[str] = set()

    def tell(commit: str, step: Step, detail: str) -> None:
        if step is not Step.NOTED:
            listener(StepBegan(commit, step, detail))
        elif detail not in noted:
            noted.add(detail)
            listener(Noted(detail))

    return tell
