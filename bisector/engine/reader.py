"""Takes readings one at a time: in a slot for candidates, and one for the reference of paired readings."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from bisector.engine.checkout_check import CheckoutCheck
from bisector.engine.fair_runs import FairRuns, Patience, sleep
from bisector.engine.outputs_check import require_outputs
from bisector.engine.pairs import Pairs
from bisector.engine.slots import Slot, Slots
from bisector.engine.standing import Standing
from bisector.engine.traced_test import traced_test
from bisector.errors import InfrastructureFault
from bisector.predicate import Untestable
from bisector.probe.probe import Prober
from bisector.probe.reading import Reading
from bisector.probe.request import Request
from bisector.probe.step import Step
from bisector.probe.strace import Trace

_ATTEMPTS = 3

SameArtifact = Callable[[Request, str], Reading | None]
"""(request, digest of the build) -> the reading of a byte-identical build, None if there is none."""


@dataclass
class Seats:
    """The slots of a reader, or of several that take readings in turn with different tests."""

    candidate: Slot | None = None
    reference: Slot | None = None

    def empty(self) -> None:
        """Build again whatever is in the slots, and leave those that another hunt may be using."""
        self.candidate, self.reference = _emptied(self.candidate), _emptied(self.reference)


class Reader:
    """Takes readings one at a time in slots on this machine; also the simplest `bisector.hunt.drive.Engine`.

    Every command that takes readings uses `read`, which goes from a slot to a judgement. After an
    infrastructure fault, it retries in a fresh slot, then raises. `numbers` distinguish the logs of its
    readings; for `one_start` see `Standing`. Readers of one hunt that share `seats` share what is built
    there. Raises `GivenUp` at any point once the scheduling of `prober`
    says to stop.
    """

    def __init__(
        self,
        prober: Prober,
        slots: Slots,
        numbers: Iterator[int] | None = None,
        same_artifact: SameArtifact = lambda _request, _digest: None,
        patience: Patience | None = None,
        *,
        one_start: bool = False,
        seats: Seats | None = None,
    ) -> None:
        patience = patience or Patience()
        self._prober = prober
        self._setup = prober.setup
        self._slots = slots
        self._numbers = numbers or itertools.count(1)
        self._same_artifact = same_artifact
        self._longest_wait = patience.longest_wait
        self._standing = Standing(prober.builds, one_start=one_start)
        self._pairs = Pairs(prober, self._standing)
        self._checkout = CheckoutCheck(prober, self._standing)
        self._fair = FairRuns(prober.setup, slots.root, patience)
        self._seats = seats or Seats()
        self._begun: deque[Request] = deque()

    jobs = 1

    def begin(self, request: Request) -> None:
        """Queue a request; `next` reads it."""
        self._begun.append(request)

    @property
    def running(self) -> list[Request]:
        """The queued requests."""
        return list(self._begun)

    def next(self, longest: float | None = None) -> Reading:
        """The reading of the first queued request, however long it takes."""
        return self.read(self._begun.popleft())

    def cancel(self, request: Request) -> None:
        """Remove a queued request."""
        self._begun.remove(request)

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Does nothing: there is no slot for it."""

    def stands_at(self, request: Request) -> bool:
        """Whether the slot for candidates already has this commit built."""
        return self._seats.candidate is not None and self._seats.candidate.commit == request.commit

    def trace(self, commit: str) -> Trace | None:
        """The file accesses of the test of a commit; None if it cannot be traced."""
        self._seats.candidate = self._seats.candidate or self._slots.take(commit)
        return traced_test(self._prober, self._standing, self._seats.candidate, commit)

    def read(self, request: Request) -> Reading:
        """Read a commit once, with a run of `request.against` as reference if there is one."""
        try:
            return self._read_once(request)
        except InfrastructureFault as fault:
            return self._read_again(request, fault)

    def _read_again(self, request: Request, fault: InfrastructureFault) -> Reading:
        import tenacity  # Imports asyncio, and few probes need it.

        begun = [fault]

        def read() -> Reading:
            if begun:
                raise begun.pop()
            return self._read_once(request)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(InfrastructureFault),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=1, max=self._longest_wait),
            sleep=partial(sleep, self._setup),
            before_sleep=lambda state: self._before_retry(request.commit, state.outcome),
            reraise=True,
        )
        return retrying(read)

    def _before_retry(self, commit: str, outcome: Future[Reading] | None) -> None:
        error = outcome.exception() if outcome else None
        self._setup.on_step(commit, Step.RETRYING, str(error or ""))
        self._seats.empty()

    def _read_once(self, request: Request) -> Reading:
        commit, against = request.commit, request.against
        seconds = 0.0
        if against:
            self._seats.reference = self._seats.reference or self._slots.take(against)
            built = self._standing.stand(self._seats.reference, against, request.clean)
            if isinstance(built, Untestable):
                why = f"the reference {against[:12]} is untestable: {built.why}"
                return self._unread(request, Untestable(why), seconds)
            seconds += built.seconds
        self._seats.candidate = self._seats.candidate or self._slots.take(commit)
        started = time.monotonic()
        built = self._standing.stand(self._seats.candidate, commit, request.clean)
        if isinstance(built, Untestable):
            return self._unread(request, built, seconds + time.monotonic() - started)
        with self._checkout.checked(self._seats.candidate, request):
            reading = self._same_artifact(request, built.digest) or self._run(self._seats.candidate, request)
        require_outputs(self._prober, self._standing, self._seats.candidate, request, reading)
        reading = replace(reading, build_seconds=seconds + built.seconds, build=built.how)
        return _with_fix_ups(reading, built.fix_ups)

    def _run(self, slot: Slot, request: Request) -> Reading:
        name = f"{request.role.value.replace(' ', '-')}-{next(self._numbers)}"
        return self._fair.reading(
            request.commit, name, lambda log: self._pairs.read(slot, self._seats.reference, request, log)
        )

    def _unread(self, request: Request, why: Untestable, seconds: float) -> Reading:
        return Reading(
            commit=request.commit,
            role=request.role,
            judgement=why,
            at=datetime.now(UTC),
            build_seconds=seconds,
            log=self._setup.log_path(request.commit, "build"),
            against=request.against,
            about=request.about,
            clean=request.clean or self._setup.makes_nothing,
        )


def _with_fix_ups(reading: Reading, words: str) -> Reading:
    """The reading of a commit that was built with these fix-ups, which its reason says too."""
    if not words:
        return replace(reading, fix_ups="")
    told = replace(reading.judgement, why=f"{reading.judgement.why}, built with {words}")
    return replace(reading, judgement=told, fix_ups=words)


def _emptied(slot: Slot | None) -> Slot | None:
    """The slot, marked as empty; None if another hunt may be using it."""
    if slot is None or not slot.is_held:
        return None
    slot.commit = None
    return slot
