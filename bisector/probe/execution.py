"""The one door to running a user's command: its process tree is owned, bounded and measured.

A run ends when the command's first process ends, at a limit, or when its watcher knows the answer;
then the whole tree is killed and reaped, whatever it made of itself. The same holds when `execute`
is left by an exception, KeyboardInterrupt included.
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
"""The own memory that one process may take, over the limit of the tree, where only samples hold that."""

__all__ = ["Command", "EarlyJudgement", "Execution", "GivenUp", "Limits", "Watch", "execute"]


@dataclass(frozen=True, slots=True)
class Execution:
    """A finished run, and the judgement that ended it where `watch` gave one."""

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
    """Run `command` to its end or to a limit, and leave nothing of it behind.

    `patterns` are the regular expressions of the lines to keep (`Run.matches`); `watch` is called when
    such lines come and every `tick` seconds, with the run so far. What is printed also goes to `log`,
    bounded. A command that is not found exits 127, one that cannot be executed 126, as in a shell.
    `hierarchies` says which control groups to use, by default the best that this machine allows; `cpus`
    which CPUs the command may use, by default all that bisector may; `nice` by how much others go before it.
    Once `stop` is set, the run is given up.

    Raises GivenUp then, InfrastructureFault when the run cannot be set up or the machine ran out of memory,
    and UsageError for a pattern that is no regular expression.
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
    """The strongest ownership that these hierarchies allow, of a command that runs in `folder`."""
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
        _require_memory(tree, code, usage, limits, before, after)
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
    tree: ProcessTree, code: int, usage: Usage, limits: Limits, before: MachineState, after: MachineState
) -> None:
    """Raise InfrastructureFault where the machine, and not the hunt's limit, had too little memory.

    Without the kernel's account of the tree, a SIGKILL while the machine killed for memory is taken for that.
    """
    killed = bool(usage.oom_kills) and (limits.memory is None or not usage.at_limit)
    if not tree.enforces_memory and code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        killed |= (after.oom_kills or 0) > (before.oom_kills or 0)
    if killed:
        raise InfrastructureFault(
            "a process of the test was killed because the machine ran out of memory, "
            "not at the hunt's limit; free memory, or set test.memory below what the machine has"
        )


def _ending(tree: ProcessTree, reason: Ending, code: int, usage: Usage, limits: Limits) -> Ending:
    """How the run ended in the end: the memory limit counts also where the script survived it."""
    above = limits.memory is not None and (usage.peak_memory or 0) > limits.memory
    if usage.oom_kills or (above and not tree.enforces_memory):
        return Ending.MEMORY_LIMIT
    return Ending.SIGNALLED if reason is Ending.EXITED and code < 0 else reason
