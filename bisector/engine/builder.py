"""Prefetches builds of commits that may be requested next, into the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from bisector.engine.account import Ahead
from bisector.engine.slots import Slot, Slots
from bisector.errors import BisectorError
from bisector.predicate import Untestable
from bisector.probe.build import Builds
from bisector.probe.execution import GivenUp
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.probe.step import OnStep, Step

Target = tuple[str, bool]
"""A commit, and whether to build it clean."""

OnFailure = Callable[[str, Untestable, float], None]
"""(commit, why it does not build, seconds that the build took)"""


class Builder:
    """A thread with its own slot that builds the targets of `see_to` in order, with `builds`.

    A build that is no longer likely to be requested is given up through the scheduling's `stop`. In that
    thread, calls `on_step` for each build, and `on_failure` for a commit of the search that does not build.
    """

    def __init__(self, builds: Builds, slots: Slots, on_step: OnStep, on_failure: OnFailure) -> None:
        self._builds = builds
        self._slots = slots
        self._on_step = on_step
        self._on_failure = on_failure
        self._slot: Slot | None = None
        self._changed = threading.Condition()
        self._targets: list[Target] = []
        self._searched: set[str] = set()
        self._at: Target | None = None
        self._ended = False
        self._tried: dict[Target, float] = {}
        self._used: set[Target] = set()
        self._thread = threading.Thread(target=self._work, name="bisector-builder", daemon=True)
        self._thread.start()

    def see_to(self, requests: Sequence[Request]) -> None:
        """Build for these requests; replaces the previous ones."""
        with self._changed:
            self._targets = [target for request in requests for target in _targets(request)]
            self._searched.update(request.commit for request in requests if request.role is Role.SEARCH)
            if self._at and self._at not in self._targets and self._at not in self._used:
                self._builds.setup.scheduling.stop.set()
            self._changed.notify()

    def asked_for(self, request: Request) -> None:
        """A reading now waits for this; a build in progress for it continues."""
        with self._changed:
            self._used.update(_targets(request))

    def account(self) -> Ahead:
        """The account of builds so far."""
        with self._changed:
            unused = [seconds for target, seconds in self._tried.items() if target not in self._used]
            return Ahead(len(self._tried), len(unused), sum(self._tried.values()), sum(unused))

    def end(self) -> None:
        """Give up the build in progress, and end the thread."""
        with self._changed:
            self._ended = True
            self._builds.setup.scheduling.stop.set()
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while target := self._next():
            started = time.monotonic()
            try:
                if self._builds.is_stored(*target) or self._builds.kept.is_never_restored(*target):
                    continue
                self._build(target)
            except GivenUp:
                continue
            except BisectorError:
                # The reading that needs this build meets the same fault and reports it.
                pass
            with self._changed:
                self._tried[target] = time.monotonic() - started

    def _build(self, target: Target) -> None:
        commit, clean = target
        if self._slot is None or not self._slot.is_held:
            self._slot = self._slots.take(commit)
        self._on_step(commit, Step.BUILDING_AHEAD, "")
        try:
            started = time.monotonic()
            with self._slot.changing(commit):
                built = self._builds.build(self._slot.worktree, commit, clean=clean)
            if isinstance(built, Untestable) and not clean and commit in self._searched:
                self._on_failure(commit, built, time.monotonic() - started)
        finally:
            self._on_step(commit, Step.DONE, "")

    def _next(self) -> Target | None:
        with self._changed:
            self._at = None
            while not self._ended:
                self._targets = [target for target in self._targets if target not in self._tried]
                if self._targets:
                    self._builds.setup.scheduling.stop.clear()
                    self._at = self._targets.pop(0)
                    return self._at
                self._changed.wait()
            return None


def _targets(request: Request) -> list[Target]:
    """The builds that a reading needs."""
    return [(commit, request.clean) for commit in (request.against, request.commit) if commit]
