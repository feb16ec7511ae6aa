"""Checks once, at the good endpoint, whether the test reads the user's checkout instead of the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
    """The check of one reader, whose readings it surrounds."""

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._prober = prober
        self._standing = standing
        self._is_done = False

    @contextmanager
    def checked(self, slot: Slot, request: Request) -> Iterator[None]:
        """Watch the user's checkout while the body takes this reading, if the reading is to be checked.

        Raises `HuntFileError` if the test in `slot` reads the checkout or its git repository. The test is
        traced only if somebody did so meanwhile, or if that is not known. Without strace, a note says what
        was opened.
        """
        if not self._wants(slot, request):
            yield
            return
        repository, setup = self._prober.builds.repository, self._prober.setup
        top = repository.work_tree
        assert top is not None
        made = left_beside(slot.worktree, keeps_of(setup.hunt.setup), setup.hunt.test.keeps)
        built = [name for name in made if (top / name).is_file()]
        with CheckoutReads(repository, top, "test", setup.hunt.test.command, built) as reads:
            yield
            opened = reads.opened()
        self._is_done = True
        if opened != []:
            self._trace(reads, opened, slot, request.commit)

    def _wants(self, slot: Slot, request: Request) -> bool:
        good = self._prober.builds.good
        if self._is_done or request.role is not Role.PREMISE or request.commit != good or request.clean:
            return False
        has_checkout = self._prober.builds.repository.work_tree is not None
        return has_checkout and slot.worktree.is_scratch and self._prober.setup.sandbox is None

    def _trace(self, reads: CheckoutReads, opened: list[str] | None, slot: Slot, commit: str) -> None:
        trace = traced_test(self._prober, self._standing, slot, commit)
        if trace is not None:
            reads.require_none_read(trace, self._prober.setup.hunt, commit)
        elif opened:
            self._prober.setup.on_step(commit, Step.NOTED, reads.doubt(opened))
