"""Whether a test reads the sources of the user's checkout instead of those of the commit.

An editable install, an absolute path or a link makes every commit test the same files. The answer would then
be about something else, such as the commit that added the tests. It is checked once, at the good endpoint.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.engine.traced_test import traced_test
from bisector.errors import HuntFileError
from bisector.probe.opened_files import OpenedFiles
from bisector.probe.probe import Prober
from bisector.probe.reading import Role
from bisector.probe.request import Request
from bisector.probe.step import Step

_NAMED = 3


class CheckoutCheck:
    """The check of one reader; `begin` before the run of a reading, `end` after it."""

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._prober = prober
        self._standing = standing
        self._is_done = False
        self._opened: OpenedFiles | None = None
        self._tracked: frozenset[str] = frozenset()

    def begin(self, slot: Slot, request: Request) -> None:
        """Watch the tracked files of the user's checkout, if this reading is to be checked."""
        repository, setup = self._prober.builds.repository, self._prober.setup
        good = self._prober.builds.good
        wanted = request.role is Role.PREMISE and request.commit == good and not request.clean
        if self._is_done or not wanted or not slot.worktree.is_scratch:
            return
        if repository.work_tree is None or setup.sandbox is not None:
            return
        names = repository.git("ls-files", "-z", folder=repository.work_tree)
        self._tracked = frozenset(name for name in os.fsdecode(names).split("\0") if name)
        self._opened = OpenedFiles(repository.work_tree, self._tracked)

    def end(self, slot: Slot, commit: str) -> None:
        """Raise `HuntFileError` if the test in `slot` reads tracked files of the user's checkout.

        Only files that were opened meanwhile are looked at, by tracing the test once more. Without strace, a
        note says what was opened.
        """
        if self._opened is None:
            return
        opened, self._opened, self._is_done = self._opened.found(), None, True
        if opened is not None and not self._beyond_command(opened):
            return
        trace = traced_test(self._prober, self._standing, slot, commit)
        if trace is not None:
            top = self._top
            inside = {os.path.relpath(path, top) for path in trace.read if path.startswith(f"{top}/")}
            if read := self._beyond_command(self._tracked & inside):
                raise self._fault(commit, read)
        elif opened:
            self._prober.setup.on_step(
                commit,
                Step.NOTED,
                f"{_listed(self._beyond_command(opened))} of your checkout was opened while the test ran; "
                "if the test did that, all commits are tested with it",
            )

    @property
    def _top(self) -> Path:
        assert self._prober.builds.repository.work_tree is not None
        return self._prober.builds.repository.work_tree

    def _beyond_command(self, names: frozenset[str] | set[str]) -> list[str]:
        """Those of the files that the test's command does not name, sorted: a script may be meant."""
        command = self._prober.setup.hunt.test.command
        line = command if isinstance(command, str) else shlex.join(command)
        return sorted(name for name in names if str(self._top / name) not in line)

    def _fault(self, commit: str, read: list[str]) -> HuntFileError:
        hunt = self._prober.setup.hunt
        remedy = "let build and test use paths relative to the repository"
        if any(name.endswith(".py") for name in read):
            folder = "src" if read[0].startswith("src/") else "."
            own = shlex.quote(f"environment.set={{PYTHONPATH: {folder}}}")
            remedy += f", not an editable install: `--set {own}`, or the same in the hunt file"
        return HuntFileError(
            f"{hunt.locate('test', 'command')}: test.command: the test of {commit[:12]} reads "
            f"{_listed(read)} of your checkout, not of the commit, so all commits would be tested with it; "
            f"{remedy}"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")
