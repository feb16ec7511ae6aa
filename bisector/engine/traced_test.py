"""Runs a commit's test once more under strace, to see which files it reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.errors import BisectorError
from bisector.probe import strace
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.test import Tests

_LONGEST = 300.0
"""Seconds that a traced run may take; what it read by then counts. A long test would take even longer under
strace, and opens most of its files early."""


def traced_test(
    prober: Prober, standing: Standing, slot: Slot, commit: str, before: Callable[[], None] = lambda: None
) -> strace.Trace | None:
    """The file accesses of the test of `commit` in `slot`; None if it cannot be traced.

    That is so where strace is missing, may not trace, or would have to enter the sandbox, and where the run
    fails for a reason of the machine. `before` is called when the commit is built, right before the test.
    """
    setup = prober.setup
    program = shutil.which("strace", path=setup.environment.get("PATH"))
    if program is None or setup.sandbox is not None:
        return None
    record = setup.logs.resolve() / f"{commit[:12]}-files-read.strace"

    def test() -> Execution:
        before()
        hunt = setup.hunt
        words = strace.around(program, str(record), hunt.test.command)
        command = hunt.test.model_copy(update={"command": words, "timeout": _LONGEST})
        # Not under the predicate's tool, since both may trace.
        own = replace(setup, hunt=hunt.model_copy(update={"test": command}))
        return Tests(own, prober.judge.predicate.patterns).run(slot.worktree, commit, "files-read")

    try:
        standing.tested(slot, commit, False, test)
        with record.open(encoding="utf-8", errors="surrogateescape") as lines:
            trace = strace.parsed(lines, str(slot.worktree.path.resolve() / setup.hunt.test.folder))
    except (BisectorError, FileNotFoundError):
        return None  # The hunt does not need this run. If the machine is at fault, the next run says so.
    finally:
        record.unlink(missing_ok=True)
    return trace if trace.calls else None
