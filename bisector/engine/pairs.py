"""The runs of a reading: the candidate's, and if needed the reference's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.predicate import Bad, Ending, Judgement, Measured
from bisector.probe.early import SPREAD
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from bisector.probe.supervision import Watch

_SO_LONG = 4.0
"""A fast run shows that the machine is at full speed for this many times its own length."""

_LONGEST_LOOK = 30.0
"""Seconds: the warm-up of a longer run is a small part of it."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The last run: its commit, the digest of its build, and when it ended (monotonic clock)."""

    commit: str
    digest: str
    execution: Execution
    ended: float


class Pairs:
    """Runs candidates with `prober`, and remembers earlier runs of the reference.

    The reference runs just before the candidate, unless an earlier run serves as well: a run of the same
    build that has just ended, or, if bad is far off, any run for a clearly good candidate or shortly after
    a run that showed the machine at full speed.

    Each run starts from what `standing` has built.
    """

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._tests = prober.tests
        self._judge = prober.judge
        self._standing = standing
        self._reference: Slot | None = None
        self._fastest: dict[tuple[str, bool, int], Execution] = {}
        self._last: _Last | None = None
        self._as_fast_until = -math.inf

    def read(
        self, slot: Slot, reference: Slot | None, request: Request, name: str
    ) -> tuple[Reading, str | None]:
        """One run of the build in `slot`, and why its judgement is unreliable (None if it is not).

        A paired request runs one pair, with `request.against` built in `reference`; `name` is in the log
        names.
        """
        self._reference = reference if request.against else None
        endpoints = request.endpoints
        earlier = self._earlier(request) if endpoints is not None else None
        if endpoints is not None and earlier is not None:
            standard, timely = earlier
            execution = self._of_candidate(slot, request, name, standard)
            ends = request.ends_with(execution.run)
            judgement = self._judge.judgement(execution, standard, ends)
            repeats = self._judge.repeats(endpoints) and isinstance(judgement, Measured)
            if repeats or self._judge.is_clearly_good(judgement, endpoints):
                if isinstance(judgement, Measured) and judgement.value <= SPREAD:
                    self._was_as_fast(execution)
                judgement = replace(judgement, why=f"{judgement.why}, run earlier")
                return self._told(slot, request, name, execution, standard, judgement)
            if timely and isinstance(judgement, Bad) and judgement.at_least is not None:
                return self._told(slot, request, name, execution, standard, judgement)
            baseline = self._of_reference(request, name)
            again = self._judge.judgement_against(execution, baseline, endpoints, ends)
            if again is not None:
                return self._told(slot, request, name, execution, baseline, again)
        pair = self._of_reference(request, name) if self._reference is not None else None
        execution = self._of_candidate(slot, request, name, pair)
        ends = request.ends_with(execution.run)
        if endpoints is not None and pair is not None:
            judgement = self._judge.judgement_of_pair(execution, pair, endpoints, ends)
        else:
            judgement = self._judge.judgement(execution, pair, ends)
        return self._told(slot, request, name, execution, pair, judgement)

    def _earlier(self, request: Request) -> tuple[Execution, bool] | None:
        """An earlier run of the reference that may serve, and whether it shows the machine's current speed.

        If good and bad are far apart, the fastest run so far serves for a commit that is clearly good. If the
        figure does not depend on the machine's speed, it serves for every commit.
        """
        if self._reference is None or request.looks:
            return None
        last, digest = self._last, self._reference.digest
        if last is not None and time.monotonic() - last.ended > last.execution.run.wall:
            last = None
        same = last is not None and bool(digest) and (last.commit, last.digest) == (request.against, digest)
        same = same and last is not None and last.execution.run.discarded == request.warm_up
        if last is not None and same and last.execution.run.ending is Ending.EXITED:
            return last.execution, True
        if request.role is not Role.SEARCH:
            return None
        fastest = self._fastest.get((request.against, request.clean, request.warm_up))
        if self._judge.repeats(request.endpoints):
            return (fastest, True) if fastest is not None else None
        if not self._judge.stands_clear(request.endpoints):
            return None
        return (fastest, time.monotonic() <= self._as_fast_until) if fastest is not None else None

    def _of_reference(self, request: Request, name: str) -> Execution:
        assert self._reference is not None
        reference, log, commit = self._reference, f"{name}-reference", request.against
        execution = self._standing.tested(
            reference,
            commit,
            request.clean,
            lambda: self._warmed(request, self._test_of(reference, commit, request), log),
        )
        self._last = _Last(commit, self._reference.digest, execution, time.monotonic())
        self._compare(request, execution)
        return execution

    def _compare(self, request: Request, execution: Execution) -> None:
        """Compare a run of the reference with the fastest so far."""
        which = (request.against, request.clean, request.warm_up)
        known = self._fastest.get(which, execution)
        if execution.run.ending is Ending.EXITED and self._time(execution) <= SPREAD * self._time(known):
            self._was_as_fast(execution)
            self._fastest[which] = min(known, execution, key=self._time)

    def _was_as_fast(self, execution: Execution) -> None:
        self._as_fast_until = time.monotonic() + _SO_LONG * execution.run.wall

    def _time(self, execution: Execution) -> float:
        return execution.run.wall if self._judge.predicate.by_wall_clock else execution.run.user

    def _of_candidate(self, slot: Slot, request: Request, name: str, baseline: Execution | None) -> Execution:
        watch = self._judge.watch(request.endpoints, baseline.run if baseline else None)
        execution = self._standing.tested(
            slot,
            request.commit,
            request.clean,
            lambda: self._warmed(request, self._test_of(slot, request.commit, request), name, watch),
        )
        self._last = _Last(request.commit, slot.digest, execution, time.monotonic())
        if request.commit == request.against:
            self._compare(request, execution)
        return execution

    def _test_of(self, slot: Slot, commit: str, request: Request) -> Callable[..., Execution]:
        """The test of what is built in the slot, about the targets that are asked for."""
        return partial(self._tests.run, slot.worktree, commit, targets=request.targets)

    def _warmed(
        self, request: Request, test: Callable[..., Execution], log: str, watch: Watch | None = None
    ) -> Execution:
        """A run after those to discard, which leave their caches; of the reference if there is no `watch`."""
        for number in range(1, request.warm_up + 1):
            test(f"{log}-warm-up-{number}", watch, Step.WARMING_UP)
        execution = test(log, watch, Step.TESTING if watch else Step.TESTING_REFERENCE)
        run = replace(execution.run, discarded=request.warm_up)
        if request.looks and watch is None and run.ending is Ending.EXITED and run.wall <= _LONGEST_LOOK:
            again = test(f"{log}-again", None, Step.WARMING_UP).run
            seconds = again if again.exit_code == run.exit_code else run
            run = replace(run, again=seconds.with_a_cpu(seconds.wall))
        return replace(execution, run=run)

    def _told(
        self,
        slot: Slot,
        request: Request,
        name: str,
        execution: Execution,
        baseline: Execution | None,
        judgement: Judgement,
    ) -> tuple[Reading, str | None]:
        reading = Reading(
            commit=request.commit,
            role=request.role,
            judgement=judgement,
            at=datetime.now(UTC),
            # A ratio is measured again later, against runs that are not its pair; targets are judged later.
            run=execution.run if baseline or request.targets else replace(execution.run, files={}),
            reference=baseline.run if baseline else None,
            log=self._tests.setup.log_path(request.commit, name),
            against=request.against,
            about=request.about,
            clean=slot.clean and (baseline is None or self._reference is None or self._reference.clean),
            digest=slot.digest,
            reference_digest=self._reference.digest if baseline and self._reference else "",
        )
        return reading, self._judge.doubt(judgement, execution, baseline)
