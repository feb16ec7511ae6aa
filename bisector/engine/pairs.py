"""The runs of a reading: of the candidate, and of the reference beside it where it needs one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.predicate import Bad, Ending, Judgement
from bisector.probe.early import SPREAD
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.probe.step import Step

_SO_LONG = 4.0
"""Times its own length for which a run tells that the machine is as fast as ever."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The run made last: of a commit, by the digest of its build; when it ended, of the monotonic clock."""

    commit: str
    digest: str
    execution: Execution
    ended: float


class Pairs:
    """Has candidates run by `prober`, and knows which runs of the reference were made before.

    The reference is run just before the candidate, but where a run that was made before tells as much: one
    of the same build that has just ended, or any where bad is far off, for a candidate that is plainly good,
    or not long after a run that has shown the machine to be as fast as ever.

    Each run starts from what `standing` has built.
    """

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._tests = prober.tests
        self._judge = prober.judge
        self._standing = standing
        self._reference: Slot | None = None
        self._fastest: dict[tuple[str, bool], Execution] = {}
        self._last: _Last | None = None
        self._as_fast_until = -math.inf

    def read(
        self, slot: Slot, reference: Slot | None, request: Request, name: str
    ) -> tuple[Reading, str | None]:
        """One run of what stands in `slot`, and why its judgement is not to be believed.

        Of a paired request one pair, `request.against` standing in `reference`; `name` is that of the logs.
        """
        self._reference = reference if request.against else None
        endpoints = request.endpoints
        earlier = self._earlier(request) if endpoints is not None else None
        if endpoints is not None and earlier is not None:
            standard, timely = earlier
            execution = self._of_candidate(slot, request, name, standard)
            judgement = self._judge.judgement(execution, standard)
            if self._judge.is_clearly_good(judgement, endpoints):
                if judgement.value <= SPREAD:
                    self._was_as_fast(execution)
                judgement = replace(judgement, why=f"{judgement.why}, run earlier")
                return self._told(slot, request, name, execution, standard, judgement)
            if timely and isinstance(judgement, Bad) and judgement.at_least is not None:
                return self._told(slot, request, name, execution, standard, judgement)
            baseline = self._of_reference(request, name)
            again = self._judge.judgement_against(execution, baseline, endpoints)
            if again is not None:
                return self._told(slot, request, name, execution, baseline, again)
        pair = self._of_reference(request, name) if self._reference is not None else None
        execution = self._of_candidate(slot, request, name, pair)
        return self._told(slot, request, name, execution, pair, self._judge.judgement(execution, pair))

    def _earlier(self, request: Request) -> tuple[Execution, bool] | None:
        """A run of the reference that may do, and whether it tells of the machine as it is now.

        Where good and bad lie far apart, the fastest so far will do for a commit that is clearly good.
        """
        if self._reference is None:
            return None
        last, digest = self._last, self._reference.digest
        if last is not None and time.monotonic() - last.ended > last.execution.run.wall:
            last = None
        same = last is not None and bool(digest) and (last.commit, last.digest) == (request.against, digest)
        if last is not None and same and last.execution.run.ending is Ending.EXITED:
            return last.execution, True
        if request.role is not Role.SEARCH or not self._judge.stands_clear(request.endpoints):
            return None
        fastest = self._fastest.get((request.against, request.fresh))
        return (fastest, time.monotonic() <= self._as_fast_until) if fastest is not None else None

    def _of_reference(self, request: Request, name: str) -> Execution:
        assert self._reference is not None
        reference, log, commit = self._reference, f"{name}-reference", request.against
        execution = self._standing.tested(
            reference,
            commit,
            request.fresh,
            lambda: self._tests.run(reference.worktree, commit, log, step=Step.TESTING_REFERENCE),
        )
        self._last = _Last(commit, self._reference.digest, execution, time.monotonic())
        self._compare(request, execution)
        return execution

    def _compare(self, request: Request, execution: Execution) -> None:
        """Hold a run of the reference against the fastest so far."""
        which = (request.against, request.fresh)
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
            request.fresh,
            lambda: self._tests.run(slot.worktree, request.commit, name, watch),
        )
        self._last = _Last(request.commit, slot.digest, execution, time.monotonic())
        if request.commit == request.against:
            self._compare(request, execution)
        return execution

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
            run=execution.run,
            reference=baseline.run if baseline else None,
            log=self._tests.setup.log_path(request.commit, name),
            against=request.against,
            about=request.about,
            digest=slot.digest,
            reference_digest=self._reference.digest if baseline and self._reference else "",
        )
        return reading, self._judge.doubt(judgement, execution, baseline)
