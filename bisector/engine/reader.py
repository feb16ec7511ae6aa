"""Reading commits one at a time: in a slot for candidates, and one for the reference of paired readings."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bisector.engine.hooks import hooks
from bisector.engine.outputs_check import require_outputs
from bisector.engine.pairs import Pairs
from bisector.engine.slots import Slot, Slots
from bisector.errors import CommitFault, InfrastructureFault
from bisector.hunt_file.model import Quiet
from bisector.predicate import Undecided, Untestable
from bisector.probe import quiet
from bisector.probe.execution import GivenUp
from bisector.probe.probe import Built, OnStep, Prober, Step
from bisector.probe.reading import Reading
from bisector.probe.request import Request

_ATTEMPTS = 3

BEFORE_REPEATING = Quiet(load_per_core=0.5, wait=60.0)
"""What is waited for after a run that was not fair, where the hunt says nothing of its own."""


SameArtifact = Callable[[Request, str], Reading | None]
"""(request, digest of the build) -> the reading of a commit with the same bytes, where there is one."""


class Reader:
    """Reads commits one at a time in slots of this machine; also as the simplest `bisector.hunt.loop.Engine`.

    An infrastructure fault is retried in a slot laid out anew, then raised. `numbers` tell
    the logs of its readings apart; `longest_wait` the seconds between two retries.

    A judgement that hangs on wall time is not believed of a run that did not get its share of the
    machine: after `fair_attempts` such runs (0: believe every run) it is `Undecided`. `one_start` as `Pairs`
    has it. `wait_for_quiet` is asked before runs that need a calm machine, by default the function of that
    name. A reading that the prober's scheduling says to stop is given up (`GivenUp`), whatever it waits for.
    """

    def __init__(
        self,
        prober: Prober,
        slots: Slots,
        on_step: OnStep,
        numbers: Iterator[int] | None = None,
        same_artifact: SameArtifact = lambda _request, _digest: None,
        longest_wait: float = 30.0,
        fair_attempts: int = 3,
        one_start: bool = False,
        wait_for_quiet: Callable[[Quiet, Callable[[str], None]], str | None] | None = None,
    ) -> None:
        self._prober = prober
        self._slots = slots
        self._on_step = on_step
        self._longest_wait = longest_wait
        self._fair_attempts = fair_attempts
        self._same_artifact = same_artifact
        self._wait_for_quiet = wait_for_quiet or partial(quiet.wait_for_quiet, sleep=self._sleep)
        self._candidate: Slot | None = None
        self._reference: Slot | None = None
        self._pairs = Pairs(prober, self._stand, one_start=one_start)
        self._numbers = numbers or itertools.count(1)
        self._begun: deque[Request] = deque()

    jobs = 1

    def begin(self, request: Request) -> None:
        """Take a request up, to be read when its reading is waited for."""
        self._begun.append(request)

    def finished(self, longest: float | None = None) -> tuple[Request, Reading]:
        """The reading of the request taken up first, however long it takes."""
        request = self._begun.popleft()
        return request, self.read(request)

    def give_up(self, request: Request) -> None:
        """Forget a request that was taken up."""
        self._begun.remove(request)

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Nothing: there is no slot for it."""

    def stands_at(self, request: Request) -> bool:
        """Whether the commit stands built already, in the slot for candidates."""
        return self._candidate is not None and self._candidate.commit == request.commit

    def read(self, request: Request) -> Reading:
        """Read a commit once, with the build of `request.against` run before it where there is one."""
        try:
            return self._read_once(request)
        except InfrastructureFault as fault:
            return self._read_again(request, fault)

    def _read_again(self, request: Request, fault: InfrastructureFault) -> Reading:
        import tenacity  # It brings asyncio along, and hardly a probe needs it.

        begun = [fault]

        def read() -> Reading:
            if begun:
                raise begun.pop()
            return self._read_once(request)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(InfrastructureFault),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=1, max=self._longest_wait),
            sleep=self._sleep,
            before_sleep=lambda state: self._before_retry(request.commit, state.outcome),
            reraise=True,
        )
        return retrying(read)

    def _before_retry(self, commit: str, outcome: Future[Reading] | None) -> None:
        error = outcome.exception() if outcome else None
        self._on_step(commit, Step.RETRYING, str(error or ""))
        self._candidate, self._reference = _emptied(self._candidate), _emptied(self._reference)

    def _read_once(self, request: Request) -> Reading:
        commit, against = request.commit, request.against
        seconds = 0.0
        if against:
            self._reference = self._reference or self._slots.take(against)
            built = self._stand(self._reference, against, request.fresh)
            if isinstance(built, Untestable):
                why = f"the reference {against[:12]} is untestable: {built.why}"
                return self._unread(request, Untestable(why), seconds)
            seconds += built.seconds
        self._candidate = self._candidate or self._slots.take(commit)
        started = time.monotonic()
        built = self._stand(self._candidate, commit, request.fresh)
        if isinstance(built, Untestable):
            return self._unread(request, built, seconds + time.monotonic() - started)
        reading = self._same_artifact(request, built.digest) or self._run(self._candidate, request)
        require_outputs(self._prober, self._candidate, request, reading, self._stand)
        return replace(reading, build_seconds=seconds + built.seconds, build=built.how)

    def _stand(self, slot: Slot, commit: str, fresh: bool) -> Built | Untestable:
        """Make `commit` stand in the slot; nothing happens where it does already.

        A commit that cannot be laid out, nor in a worktree made anew, is untestable if another one can.
        """
        try:
            return self._stand_once(slot, commit, fresh)
        except CommitFault as fault:
            self._on_step(commit, Step.RETRYING, str(fault))
        try:
            return self._stand_once(slot, commit, fresh)
        except CommitFault as fault:
            if not self._lays_out_another(slot, commit):
                raise
            return Untestable(f"it cannot be laid out: {fault}")

    def _lays_out_another(self, slot: Slot, commit: str) -> bool:
        for other in self._prober.ends - {commit}:
            with suppress(InfrastructureFault), slot.changing(other):
                slot.worktree.checkout(other)
                return True
        return False

    def _stand_once(self, slot: Slot, commit: str, fresh: bool) -> Built | Untestable:
        if slot.is_held and slot.commit == commit and (slot.fresh or not fresh):
            return Built(commit, 0.0, slot.digest)
        with slot.changing(commit):
            built = self._prober.build(slot.worktree, commit, fresh=fresh, clean=slot.is_spoilt)
        slot.is_spoilt = False
        if isinstance(built, Built):
            slot.commit, slot.fresh, slot.digest = commit, fresh, built.digest
        return built

    def _run(self, slot: Slot, request: Request) -> Reading:
        """Test until a run can be believed, with the hunt's own commands around all of it."""
        hunt, commit = self._prober.hunt, request.commit
        name = f"{request.role.value.replace(' ', '-')}-{next(self._numbers)}"
        beside = Path(hunt.origin.file).resolve().parent if hunt.origin.file else Path.cwd()
        with hooks(hunt.measure, beside, self._slots.root, self._prober.scheduling.stop):
            self._calm(hunt.quiet, commit)
            reading, doubt = self._pairs.read(slot, self._reference, request, name)
            for attempt in range(2, self._fair_attempts + 1):
                if doubt is None:
                    break
                self._on_step(commit, Step.REPEATING, doubt)
                self._calm(hunt.quiet or BEFORE_REPEATING, commit)
                again = f"{name}-again-{attempt}"
                reading, doubt = self._pairs.read(slot, self._reference, request, again)
        if doubt is not None and self._fair_attempts:
            why = f"{reading.judgement.why}, but none of {self._fair_attempts} runs was fair: {doubt}"
            reading = replace(reading, judgement=Undecided(why))
        return reading

    def _sleep(self, seconds: float) -> None:
        if self._prober.scheduling.stop.wait(seconds):
            raise GivenUp

    def _calm(self, wanted: Quiet | None, commit: str) -> None:
        """Wait for a calm machine; say so where it never comes."""
        if wanted is None:
            return
        gave_up = self._wait_for_quiet(wanted, lambda why: self._on_step(commit, Step.WAITING, why))
        if gave_up:
            self._on_step(commit, Step.WAITING, f"{gave_up}; going on all the same")

    def _unread(self, request: Request, why: Untestable, seconds: float) -> Reading:
        return Reading(
            commit=request.commit,
            role=request.role,
            judgement=why,
            at=datetime.now(UTC),
            build_seconds=seconds,
            log=self._prober.log_path(request.commit, "build"),
            against=request.against,
            about=request.about,
        )


def _emptied(slot: Slot | None) -> Slot | None:
    """The slot with nothing in it; None where another hunt may be in it."""
    if slot is None or not slot.is_held:
        return None
    slot.commit = None
    return slot
