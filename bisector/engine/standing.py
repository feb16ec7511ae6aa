"""Commits that stand built in slots, and tests that all start from what was built there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bisector.engine.slots import Slot
from bisector.errors import CommitFault, InfrastructureFault
from bisector.predicate import Run, Untestable
from bisector.probe.build import Builds, Built
from bisector.probe.execution import Execution
from bisector.probe.start import start_of
from bisector.probe.step import Step


class Standing:
    """Has commits stand in slots, by way of `builds`; nothing is done for one that does already.

    With `one_start` nothing is put back between tests: each finds what the ones before it left.
    """

    def __init__(self, builds: Builds, *, one_start: bool = False) -> None:
        self._builds = builds
        self._one_start = one_start
        self._fragile: set[str] = set()

    def tested(self, slot: Slot, commit: str, fresh: bool, test: Callable[[], Execution]) -> Execution:
        """Run `test` with `commit` standing in the slot.

        What it leaves there is put back after it; what cannot be put back is made again before the next one.
        """
        built = self.stand(slot, commit, fresh)
        if isinstance(built, Untestable):
            return Execution(Run(0.0, 0.0, 0.0), built)
        if self._one_start:
            return test()
        hunt = self._builds.setup.hunt
        return slot.from_start(lambda: start_of(hunt, slot.worktree, commit, self._fragile), test)

    def stand(self, slot: Slot, commit: str, fresh: bool) -> Built | Untestable:
        """Have `commit` stand built in the slot, from clean if `fresh`.

        A commit that cannot be laid out, nor in a worktree made anew, is untestable if another one can.
        """
        try:
            return self._stand_once(slot, commit, fresh)
        except CommitFault as fault:
            self._builds.setup.on_step(commit, Step.RETRYING, str(fault))
        try:
            return self._stand_once(slot, commit, fresh)
        except CommitFault as fault:
            if not self._lays_out_another(slot, commit):
                raise
            return Untestable(f"it cannot be laid out: {fault}")

    def _stand_once(self, slot: Slot, commit: str, fresh: bool) -> Built | Untestable:
        if slot.is_held and slot.commit == commit and (slot.fresh or not fresh):
            return Built(commit, 0.0, slot.digest)
        with slot.changing(commit):
            built = self._builds.build(slot.worktree, commit, fresh=fresh, clean=slot.is_spoilt)
        slot.is_spoilt = False
        if isinstance(built, Built):
            slot.commit, slot.fresh, slot.digest = commit, fresh, built.digest
        return built

    def _lays_out_another(self, slot: Slot, commit: str) -> bool:
        for other in self._builds.ends - {commit}:
            with suppress(InfrastructureFault), slot.changing(other):
                slot.worktree.checkout(other)
                return True
        return False
