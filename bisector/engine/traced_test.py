"""Runs a commit's test once more under strace, to see which files it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bisector.engine.slots import Slot
from bisector.engine.standing import Standing
from bisector.errors import BisectorError
from bisector.probe.execution import Execution
from bisector.probe.probe import Prober
from bisector.probe.strace import Trace
from bisector.probe.test import Tests
from bisector.probe.under_strace import UnderStrace, strace_in

_LONGEST = 300.0
"""Seconds that a traced run may take; what it read by then counts. A long test would take even longer under
strace, and opens most of its files early."""


def traced_test(
    prober: Prober, standing: Standing, slot: Slot, commit: str, before: Callable[[], None] = lambda: None
) -> Trace | None:
    """The file accesses of the test of `commit` in `slot`; None if it cannot be traced.

    That is so where strace is missing, may not trace, or would have to enter the sandbox, and where the run
    fails for a reason of the machine. `before` is called when the commit is built, right before the test.
    """
    setup = prober.setup
    program = strace_in(setup.environment)
    if program is None or setup.sandbox is not None:
        return None
    record = f"{commit[:12]}-files-read.strace"
    # Detached: else it would wait for a service that the test leaves running.
    strace = UnderStrace(program, slot.worktree, setup.logs, sandboxed=False, record=record, detached=True)

    def test() -> Execution:
        before()
        hunt = setup.hunt
        words = strace.words(hunt.test.command)
        command = hunt.test.model_copy(update={"command": words, "timeout": _LONGEST})
        # Not under the predicate's tool, since both may trace.
        own = replace(setup, hunt=hunt.model_copy(update={"test": command}))
        return Tests(own, prober.judge.predicate.patterns).run(slot.worktree, commit, "files-read")

    try:
        standing.tested(slot, commit, False, test)
    except BisectorError:
        return None  # The hunt does not need this run. If the machine is at fault, the next run says so.
    finally:
        trace = strace.trace(setup.hunt.test.folder)
    return trace if trace.calls else None
