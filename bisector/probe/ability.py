"""What this machine offers a hunt, determined by trying each thing once."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.hunt_file.model import Hunt, commands_of
from bisector.predicate import Ending, Run
from bisector.probe.contention import machine_state
from bisector.probe.execution import Command, Limits, execute
from bisector.probe.launch import SHELL
from bisector.probe.quiet import sample_load
from bisector.probe.sandbox import Sandbox
from bisector.units import MIB, format_size

LEAST_GIT = (2, 31)
_LIMIT = 64 * MIB
_TOO_MUCH = 192 * MIB
_LITTLE_DISK = 2**30
_NO_DISK = 64 * MIB
_LITTLE_MEMORY = 2**30
_BUSY = 0.5
_PATIENCE = Limits(timeout=20.0)
_STALL = Path("/proc/pressure/cpu")


class State(Enum):
    """How well something works here; the values are shown to the user."""

    THERE = "yes"
    LIMITED = "limited"
    ABSENT = "no"
    STOPS = "stops the hunt"
    """Missing, and the hunt needs it."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One capability: what was found, what that means for a hunt, and the fix (empty if none is needed)."""

    name: str
    state: State
    found: str
    means: str
    mend: str = ""


def abilities(scratch: Path, environment: Mapping[str, str], hunt: Hunt | None = None) -> list[Ability]:
    """Try everything once, with `scratch` as the hunt's folder; a missing thing that `hunt` needs stops it.

    The trials leave nothing behind.
    """
    machine = _Machine(environment, hunt)
    return [
        machine.git(),
        *machine.limits(),
        machine.pressure(),
        machine.sandbox(),
        *machine.tools(),
        _disk(scratch),
        _memory(hunt),
        _quiet(),
    ]


class _Machine:
    """The capabilities of this machine, and what one hunt needs from it."""

    def __init__(self, environment: Mapping[str, str], hunt: Hunt | None) -> None:
        self._environment = environment
        self._hunt = hunt
        self._trial = _over_the_limit(environment)

    def git(self) -> Ability:
        """The version of git."""
        said = self._says("git", "--version")
        if said is None:
            return Ability("git", State.STOPS, "not installed", "history cannot be read", "install git")
        words = said.split()
        version = tuple(int(part) for part in words[2].split(".")[:2] if part.isdecimal())
        if version < LEAST_GIT:
            return Ability("git", State.STOPS, words[2], "too old", "install git 2.31 or newer")
        return Ability("git", State.THERE, words[2], "history, worktrees")

    def limits(self) -> Iterator[Ability]:
        """Whether a memory limit is enforced, and whether a test's waiting for a CPU is measured."""
        run, source = self._trial, self._trial.memory_source
        wanted = self._hunt is not None and self._hunt.test.memory is not None
        if run.ending is not Ending.MEMORY_LIMIT:
            yield Ability(
                "memory limit",
                State.STOPS if wanted else State.ABSENT,
                f"a program over its limit was not killed ({source})",
                "a test that uses too much memory can take down the machine",
                "run as root or in a systemd user session, where control groups are writable",
            )
        elif source.startswith("cgroup"):
            yield Ability("memory limit", State.THERE, source, "the kernel limits the whole process tree")
        else:
            yield Ability(
                "memory limit",
                State.LIMITED,
                source,
                "checked ten times a second: a short peak may go unnoticed",
                "give this user a control group with the memory controller (`systemd-run --user --scope`)",
            )
        waited = run.contention.waited is not None
        yield Ability(
            "unfair runs",
            State.THERE if waited else State.LIMITED,
            "waiting is measured per test" if waited else "waiting is measured for the whole machine only",
            "time spent waiting for a CPU does not count",
            "" if waited else "use control groups v2 with pressure stall information for exact figures",
        )

    def pressure(self) -> Ability:
        """Pressure stall information of the kernel."""
        if machine_state().stalled is not None:
            return Ability("pressure (PSI)", State.THERE, str(_STALL), "a busy machine is detected at once")
        return Ability(
            "pressure (PSI)",
            State.LIMITED,
            "not reported by the kernel",
            "a busy machine is detected by load and context switches only",
            "boot with psi=1",
        )

    def sandbox(self) -> Ability:
        """Bubblewrap."""
        wanted = self._hunt is not None and self._hunt.sandbox is not None
        try:
            Sandbox()
        except EnvironmentFault as fault:
            why, _, fix = str(fault).partition("; ")
            found = "not installed" if "not installed" in why else why
            state = State.STOPS if wanted else State.ABSENT
            return Ability("bubblewrap", state, found, "`sandbox: bwrap` does not work", fix)
        return Ability("bubblewrap", State.THERE, "works", "`sandbox: bwrap` isolates old code")

    def tools(self) -> Iterator[Ability]:
        """Programs that parts of bisector use, and the first word of each of the hunt's commands."""
        tried = ("perf", "record", "-q", "-o", "/dev/null", "--", "true")
        yield self._tool("perf", tried, "`diagnose` can show where time is spent", "linux-perf")
        yield self._tool("strace", ("strace", "-c", "true"), "`diagnose` can count system calls", "strace")
        yield self._tool(
            "valgrind", ("valgrind", "--version"), "`diagnose` can count instructions", "valgrind"
        )
        builds = "OCaml builds and `bisector demo` work"
        yield self._tool("dune", ("dune", "--version"), builds, "ocaml-dune")
        yield self._tool("tmux", ("tmux", "-V"), "a hunt can continue after you log out", "tmux")
        for word in self._first_words():
            # Ask the shell: it also knows its builtins, such as `cd`.
            found = self._says(SHELL, "-c", 'command -v "$1"', SHELL, word)
            state = State.THERE if found else State.STOPS
            fix = "" if found else f"install `{word}` or correct PATH"
            yield Ability(word, state, found or "not on PATH", "a command of this hunt", fix)

    def _first_words(self) -> list[str]:
        if self._hunt is None:
            return []
        commands = reversed(commands_of(self._hunt))
        words = [(line.split() if isinstance(line, str) else line)[0] for line in commands]
        plain = [word for word in words if word.replace("-", "").replace("_", "").isalnum()]
        return [word for word in dict.fromkeys(plain) if word not in ("dune", "perf", "strace")]

    def _tool(self, name: str, tried: tuple[str, ...], means: str, package: str) -> Ability:
        if shutil.which(name, path=self._environment.get("PATH")) is None:
            wanted = name in self._wanted()
            state = State.STOPS if wanted else State.ABSENT
            return Ability(name, state, "not installed", f"unavailable: {means}", f"install `{package}`")
        run = execute(Command(tried, Path("/"), self._environment), _PATIENCE).run
        if run.exit_code == 0:
            version = run.output.split() if "ersion" in tried[-1] or tried[-1] == "-V" else []
            return Ability(name, State.THERE, version[-1] if version else "works", means)
        lines = [line.strip() for line in run.output.splitlines() if line.strip()]
        found = lines[0][:80] if lines else f"exit {run.exit_code}"
        fix = "lower kernel.perf_event_paranoid" if name == "perf" else "allow ptrace in this container"
        return Ability(name, State.LIMITED, found, f"does not work here: {means}", fix)

    def _wanted(self) -> list[str]:
        build = self._hunt.build if self._hunt else None
        if build is None:
            return []
        return list(build.command.split() if isinstance(build.command, str) else build.command)[:1]

    def _says(self, *words: str) -> str | None:
        run = execute(Command(words, Path("/"), self._environment), _PATIENCE).run
        return run.output.strip() if run.exit_code == 0 else None


def _over_the_limit(environment: Mapping[str, str]) -> Run:
    """Run a program that uses three times its memory limit."""
    # Write to the memory: the kernel does not count pages that were never touched.
    eat = f"import time; eaten = b'x' * {_TOO_MUCH}; time.sleep(5)"
    words = (sys.executable, "-I", "-S", "-c", eat)
    try:
        return execute(Command(words, Path("/"), environment), Limits(20.0, _LIMIT)).run
    except InfrastructureFault as fault:
        return Run(0.0, 0.0, 0.0, memory_source=str(fault))


def _disk(scratch: Path) -> Ability:
    there = next(folder for folder in (scratch, *scratch.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"\0")
    except OSError as error:
        found = f"{there}: {error.strerror}"
        return Ability("disk", State.STOPS, found, "cannot write worktrees", "choose another `scratch`")
    free = shutil.disk_usage(there).free
    found = f"{format_size(free)} free at {scratch}"
    fix = "" if free >= _LITTLE_DISK else "free some space, choose another `scratch`, or run `bisector clean`"
    state = State.STOPS if free < _NO_DISK else State.LIMITED if free < _LITTLE_DISK else State.THERE
    return Ability("disk", state, found, "worktrees, built artefacts, logs", fix)


def _memory(hunt: Hunt | None) -> Ability:
    memory = psutil.virtual_memory()
    found = f"{format_size(memory.available)} of {format_size(memory.total)} available"
    limit = hunt.test.memory if hunt else None
    if limit is not None and limit > memory.total:
        means = f"the hunt's limit of {format_size(limit)} exceeds this machine's memory"
        return Ability("memory", State.LIMITED, found, means, "lower `test.memory`")
    if memory.available < _LITTLE_MEMORY:
        return Ability("memory", State.LIMITED, found, "large builds may fail", "stop other programs")
    return Ability("memory", State.THERE, found, "builds and tests")


def _quiet(
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Ability:
    cores = len(os.sched_getaffinity(0))
    load = sample_load(clock, sleep, machine_state)
    found = f"{cores} {'core' if cores == 1 else 'cores'}, load per core {load:.2f}"
    if load <= _BUSY:
        return Ability("quiet", State.THERE, found, "wall times are reliable")
    fix = "add a `quiet` section, or judge by user time"
    return Ability("quiet", State.LIMITED, found, "busy: wall times are unreliable now", fix)
