"""Which undeclared files of a build its test reads, as strace sees it.

Equal judgements at both endpoints do not show that the outputs are enough: between the endpoints the test may
use such a file in another way. A test that *reads* one is judged by other files after a restore than after a
build. That is no fault of the hunt file, as a cache may be read without changing any result. So nothing
stops: builds of such a hunt are repeated instead of restored, which costs time, never a verdict.

Files that the test makes itself do not count, nor those that it makes again with the same bytes when only the
outputs are there, such as compiled Python modules. Listing folders does not count either: most test runners
list all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.errors import BisectorError
from bisector.probe import strace
from bisector.probe.contents import file_digest
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.test import Tests

_LONGEST = 300.0
"""Seconds that a traced run may take; what it read by then counts. A long test would take even longer under
strace, and opens most of its files early."""


def digests_of(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Digests of those of the `paths` in `folder` that are regular files and readable."""
    found: dict[str, str] = {}
    for path in paths:
        file = folder / path
        if file.is_file() and not file.is_symlink() and os.access(file, os.R_OK):
            found[path] = file_digest(file)
    return found


class UndeclaredReads:
    """Traces the test of commits that are built in slots.

    Traces nothing where strace is missing, may not trace, or would have to enter the sandbox.
    """

    def __init__(self, prober: Prober, standing: Standing) -> None:
        self._setup = prober.setup
        self._patterns = prober.judge.predicate.patterns
        self._standing = standing
        self._strace = shutil.which("strace", path=self._setup.environment.get("PATH"))

    def of(self, slot: Slot, commit: str, beside: Sequence[str], remade: Mapping[str, str]) -> list[str]:
        """Those of the files `beside` that the test of `commit` reads, sorted; empty if it cannot be traced.

        `remade` are the files that the test makes itself when they are missing, with their digests.
        """
        if self._strace is None or self._setup.sandbox is not None:
            return []
        record = self._setup.logs.resolve() / f"{commit[:12]}-outputs-read.strace"
        spared: set[str] = set()

        def test() -> Execution:
            now = digests_of(slot.worktree.path, list(remade))
            spared.update(path for path, digest in remade.items() if now.get(path) == digest)
            tests = self._traced(record)
            return tests.run(slot.worktree, commit, "outputs-read")

        try:
            self._standing.tested(slot, commit, False, test)
            folder = self._setup.hunt.test.folder
            return sorted(_read(record, slot.worktree.path, folder, beside) - spared)
        except (BisectorError, FileNotFoundError):
            return []  # The hunt does not need this run. If the machine is at fault, the next run says so.
        finally:
            record.unlink(missing_ok=True)

    def _traced(self, record: Path) -> Tests:
        """The tests of the hunt, under strace instead of the predicate's tool, since both may trace."""
        hunt = self._setup.hunt
        words = strace.around(self._strace or "", str(record), hunt.test.command)
        test = hunt.test.model_copy(update={"command": words, "timeout": _LONGEST})
        setup = replace(self._setup, hunt=hunt.model_copy(update={"test": test}))
        return Tests(setup, self._patterns)


def _read(record: Path, root: Path, folder: str, beside: Sequence[str]) -> set[str]:
    """The paths in `beside`, relative to `root`, that the recorded command read, also through links."""
    with record.open(encoding="utf-8", errors="surrogateescape") as lines:
        trace = strace.parsed(lines, str(root.resolve() / folder))
    tops = {str(root), str(root.resolve())}
    known = {os.path.normpath(f"{top}/{path}"): path for top in tops for path in beside}
    # A link of the build stands for what lies behind it.
    places = (str(place) for path in trace.read for place in (Path(path), *Path(path).parents))
    return {known[place] for place in places if place in known}
