"""Checks once, at the good endpoint, whether the test reads the user's checkout instead of the commit."""

from __future__ import annotations

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.engine.traced_test import traced_test
from bisector.hunt_file.setup import keeps_of
from bisector.probe.checkout_reads import CheckoutReads
from bisector.probe.probe import Prober
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.probe.step import Step
from bisector.probe.undeclared import left_beside


class CheckoutCheck:
    """The check of one reader; `begin` before the run of a reading, `end` after it."""

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._prober = prober
        self._standing = standing
        self._is_done = False
        self._reads: CheckoutReads | None = None

    def begin(self, slot: Slot, request: Request) -> None:
        """Watch the tracked files of the user's checkout, if this reading is to be checked."""
        repository, setup = self._prober.builds.repository, self._prober.setup
        good = self._prober.builds.good
        wanted = request.role is Role.PREMISE and request.commit == good and not request.clean
        if self._is_done or not wanted or not slot.worktree.is_scratch:
            return
        if repository.work_tree is None or setup.sandbox is not None:
            return
        top = repository.work_tree
        made = left_beside(slot.worktree, keeps_of(setup.hunt.setup), setup.hunt.test.keeps)
        built = [name for name in made if (top / name).is_file()]
        self._reads = CheckoutReads(repository, top, "test", setup.hunt.test.command, built)

    def end(self, slot: Slot, commit: str) -> None:
        """Raise `HuntFileError` if the test in `slot` reads tracked files of the user's checkout.

        The test is traced only if such a file was opened meanwhile, or if that is not known. Without strace,
        a note says what was opened.
        """
        if self._reads is None:
            return
        reads, self._reads, self._is_done = self._reads, None, True
        opened = reads.opened()
        if opened == []:
            return
        trace = traced_test(self._prober, self._standing, slot, commit)
        if trace is not None:
            reads.require_none_read(trace, self._prober.setup.hunt, commit)
        elif opened:
            self._prober.setup.on_step(commit, Step.NOTED, reads.doubt(opened))
