"""Builds commits in slots, and runs tests that all start from the same build."""

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
    """Builds commits in slots with `builds`; does nothing for a commit that is already built there.

    With `one_start`, nothing is restored between tests: each test finds what earlier ones left.
    """

    def __init__(self, builds: Builds, *, one_start: bool = False) -> None:
        self._builds = builds
        self._one_start = one_start
        self._fragile: set[str] = set()

    def tested(self, slot: Slot, commit: str, clean: bool, test: Callable[[], Execution]) -> Execution:
        """Run `test` with `commit` built in the slot.

        Undoes the test's changes; what cannot be undone is built again before the next test.
        """
        built = self.stand(slot, commit, clean)
        if isinstance(built, Untestable):
            return Execution(Run(0.0, 0.0, 0.0), built)
        if self._one_start:
            return test()
        hunt = self._builds.setup.hunt
        return slot.from_start(lambda: start_of(hunt, slot.worktree, commit, self._fragile), test)

    def stand(self, slot: Slot, commit: str, clean: bool) -> Built | Untestable:
        """Build `commit` in the slot; a clean build if `clean`.

        If it cannot be checked out, even in a new worktree, but another commit can, it is untestable.
        """
        try:
            return self._stand_once(slot, commit, clean)
        except CommitFault as fault:
            self._builds.setup.on_step(commit, Step.RETRYING, str(fault))
        try:
            return self._stand_once(slot, commit, clean)
        except CommitFault as fault:
            if not self._lays_out_another(slot, commit):
                raise
            return Untestable(f"it cannot be checked out: {fault}")

    def _stand_once(self, slot: Slot, commit: str, clean: bool) -> Built | Untestable:
        if slot.is_held and slot.commit == commit and (slot.clean or not clean):
            return Built(commit, 0.0, slot.digest, fix_ups=slot.fix_ups)
        with slot.changing(commit):
            built = self._builds.build(slot.worktree, commit, clean=clean, spoilt=slot.is_spoilt)
        slot.is_spoilt = False
        if isinstance(built, Built):
            slot.commit, slot.digest, slot.fix_ups = commit, built.digest, built.fix_ups
            slot.clean = clean or self._builds.setup.makes_nothing
        return built

    def _lays_out_another(self, slot: Slot, commit: str) -> bool:
        for other in self._builds.ends - {commit}:
            with suppress(InfrastructureFault), slot.changing(other):
                slot.worktree.checkout(other)
                return True
        return False
