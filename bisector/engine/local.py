"""The engine of this machine: one slot for candidates, and one for the reference of paired readings."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import tenacity

from bisector.engine.slots import Slot, Slots
from bisector.errors import InfrastructureFault
from bisector.predicate import Judgement, Untestable
from bisector.probe.execution import Execution
from bisector.probe.probe import Built, OnStep, Prober, Step
from bisector.probe.reading import Reading, Role

_ATTEMPTS = 3


class LocalEngine:
    """Reads commits one at a time in slots of this machine; see `bisector.hunt.loop.Engine`.

    An infrastructure fault is retried in a slot laid out anew, then raised.
    """

    def __init__(self, prober: Prober, slots: Slots, on_step: OnStep, longest_wait: float = 30.0) -> None:
        self._prober = prober
        self._slots = slots
        self._on_step = on_step
        self._longest_wait = longest_wait
        self._candidate: Slot | None = None
        self._reference: Slot | None = None
        self._number = itertools.count(1)

    def read(self, commit: str, role: Role, against: str = "", *, fresh: bool = False) -> Reading:
        """Read `commit` once, with the build of `against` run before it where there is one."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(InfrastructureFault),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=1, max=self._longest_wait),
            before_sleep=lambda state: self._before_retry(commit, state),
            reraise=True,
        )
        return retrying(self._read_once, commit, role, against, fresh)

    def _before_retry(self, commit: str, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._on_step(commit, Step.RETRYING, str(error or ""))
        for slot in (self._candidate, self._reference):
            if slot is not None:
                slot.commit = None

    def _read_once(self, commit: str, role: Role, against: str, fresh: bool) -> Reading:
        seconds = 0.0
        if against:
            self._reference = self._reference or self._slots.take(against)
            built = self._stand(self._reference, against, fresh)
            if isinstance(built, Untestable):
                why = f"the reference {against[:12]} is untestable: {built.why}"
                return self._unread(commit, role, against, Untestable(why), seconds)
            seconds += built.seconds
        self._candidate = self._candidate or self._slots.take(commit)
        built = self._stand(self._candidate, commit, fresh)
        if isinstance(built, Untestable):
            return self._unread(commit, role, against, built, seconds)
        return self._run(self._candidate, commit, role, against, seconds + built.seconds)

    def _stand(self, slot: Slot, commit: str, fresh: bool) -> Built | Untestable:
        """Make `commit` stand in the slot; nothing happens where it does already."""
        if slot.commit == commit and (slot.fresh or not fresh):
            return Built(commit, 0.0)
        slot.commit = None
        built = self._prober.build(slot.worktree, commit, fresh=fresh)
        if isinstance(built, Built):
            slot.commit, slot.fresh = commit, fresh
        return built

    def _run(self, slot: Slot, commit: str, role: Role, against: str, seconds: float) -> Reading:
        name = f"{role.value.replace(' ', '-')}-{next(self._number)}"
        baseline: Execution | None = None
        if self._reference is not None and against:
            baseline = self._prober.test(
                self._reference.worktree, against, f"{name}-reference", reference=True
            )
        execution = self._prober.test(slot.worktree, commit, name)
        judgement: Judgement = self._prober.judge(execution, baseline)
        return Reading(
            commit=commit,
            role=role,
            judgement=judgement,
            at=datetime.now(UTC),
            run=execution.run,
            reference=baseline.run if baseline else None,
            build_seconds=seconds,
            log=self._prober.log_path(commit, name),
            against=against,
        )

    def _unread(self, commit: str, role: Role, against: str, why: Untestable, seconds: float) -> Reading:
        return Reading(
            commit=commit,
            role=role,
            judgement=why,
            at=datetime.now(UTC),
            build_seconds=seconds,
            log=self._prober.log_path(commit, "build"),
            against=against,
        )
