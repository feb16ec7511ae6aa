"""Runs a user's command: owns, limits and measures its process tree. Nothing else runs commands.

A run ends when the command's first process ends, at a limit, or when its watcher knows the answer. Then the
whole process tree is killed and reaped, daemons included. The same happens when an exception leaves
`execute`, including KeyboardInterrupt.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from bisector.errors import InfrastructureFault
from bisector.predicate import Ending, Run
from bisector.probe.cgroup import ControlGroup
from bisector.probe.contention import MachineState, contention_between, machine_state
from bisector.probe.hierarchies import Hierarchies, detect
from bisector.probe.launch import Command, Launch
from bisector.probe.output_capture import OutputCapture
from bisector.probe.ownership import ProcessTree, Usage, new_token
from bisector.probe.process_tree import SampledTree
from bisector.probe.supervision import EarlyJudgement, GivenUp, Limits, Supervision, Watch

DATA_FACTOR = 4
"""Private memory allowed per process, as a multiple of the tree's limit, if only samples enforce that
limit."""

__all__ = ["Command", "EarlyJudgement", "Execution", "GivenUp", "Limits", "Watch", "execute"]


@dataclass(frozen=True, slots=True)
class Execution:
    """A finished run, and the judgement of `watch` if that ended it."""

    run: Run
    judgement: EarlyJudgement | None = None


def execute(
    command: Command,
    limits: Limits | None = None,
    patterns: Sequence[str] = (),
    watch: Watch | None = None,
    log: Path | None = None,
    tick: float = 0.1,
    hierarchies: Hierarchies | None = None,
    cpus: Set[int] = frozenset(),
    nice: int = 0,
    stop: Event | None = None,
) -> Execution:
    """Run `command` to its end or to a limit; no process of it survives.

    `patterns` are regular expressions of lines to keep (`Run.matches`). `watch` is called with the run so far
    when such a line appears and every `tick` seconds. Output also goes to `log`, bounded. A command that is
    not found exits 127, one that cannot be executed 126, as in a shell. `hierarchies` are the control groups
    to use (default: the best available), `cpus` the CPUs that the command may use (default: all of
    bisector's), `nice` its niceness. Setting `stop` abandons the run.

    Raises GivenUp after `stop`, InfrastructureFault if the run cannot be set up or the machine ran out of
    memory, and UsageError for an invalid pattern.
    """
    limits = limits or Limits()
    with OutputCapture(patterns, log) as capture:
        token = new_token()
        tree = own_tree(hierarchies or detect(), token, limits.memory, command.folder)
        try:
            launch = Launch(command, token)
            try:
                if cpus:
                    launch.pin(cpus)
                if nice:
                    launch.yield_to_others(nice)
                    tree.yield_to_others(nice)
                if limits.memory and not tree.enforces_memory:
                    launch.limit_data(DATA_FACTOR * limits.memory)
                return _supervised(launch, tree, capture, limits, watch, tick, stop)
            finally:
                launch.close()
        finally:
            tree.kill()
            tree.remove()


def own_tree(hierarchies: Hierarchies, token: str, memory_limit: int | None, folder: Path) -> ProcessTree:
    """The strongest process ownership that these hierarchies allow, for a command in `folder`."""
    if hierarchies.unified or hierarchies.cpuacct:
        return ControlGroup(hierarchies, token, memory_limit)
    return SampledTree(token, folder)


def _supervised(
    launch: Launch,
    tree: ProcessTree,
    capture: OutputCapture,
    limits: Limits,
    watch: Watch | None,
    tick: float,
    stop: Event | None,
) -> Execution:
    before = machine_state()
    supervision = Supervision(launch, tree, capture, limits, watch, stop)
    try:
        tree.join(launch.pid)
        reason = supervision.run(tick)
    finally:
        tree.kill()
        code, account = launch.reap()
    after = machine_state()
    supervision.read_rest()
    wall, usage = supervision.wall, tree.usage(account)
    if reason is not Ending.JUDGED:
        _require_memory(tree, reason, code, usage, limits, before, after)
        reason = _ending(tree, reason, code, usage, limits)
    by_itself = reason in (Ending.EXITED, Ending.SIGNALLED)
    run = Run(
        wall=wall,
        user=usage.user,
        system=usage.system,
        peak_memory=usage.peak_memory,
        oom_kills=usage.oom_kills,
        ending=reason,
        exit_code=code if by_itself and code >= 0 else None,
        signal=-code if by_itself and code < 0 else None,
        matches={pattern: tuple(found) for pattern, found in capture.matches.items()},
        output=capture.text,
        memory_source=tree.memory_source,
        contention=contention_between(
            before, after, wall, usage.user + usage.system, account.ru_nivcsw, usage.waited
        ),
    )
    return Execution(run, supervision.judgement)


def _require_memory(
    tree: ProcessTree,
    reason: Ending,
    code: int,
    usage: Usage,
    limits: Limits,
    before: MachineState,
    after: MachineState,
) -> None:
    """Raise InfrastructureFault if the machine ran out of memory, rather than the run hitting its limit.

    Without a memory controller, a SIGKILL that bisector did not send counts as that if the machine's OOM
    killer ran meanwhile.
    """
    killed = bool(usage.oom_kills) and (limits.memory is None or not usage.at_limit)
    by_itself = reason is Ending.EXITED
    if by_itself and not tree.enforces_memory and code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        killed |= (after.oom_kills or 0) > (before.oom_kills or 0)
    if killed:
        raise InfrastructureFault(
            "the machine ran out of memory and killed a process of the test, which was below the hunt's "
            "limit; free some memory or lower test.memory"
        )


def _ending(tree: ProcessTree, reason: Ending, code: int, usage: Usage, limits: Limits) -> Ending:
    """How the run ended; hitting the memory limit counts even if the script survived it."""
    above = limits.memory is not None and (usage.peak_memory or 0) > limits.memory
    if usage.oom_kills or (above and not tree.enforces_memory):
        return Ending.MEMORY_LIMIT
    return Ending.SIGNALLED if reason is Ending.EXITED and code < 0 else reason
