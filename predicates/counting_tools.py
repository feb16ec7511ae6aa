"""Programs that count the instructions of a process tree: perf and valgrind."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bisector.predicate import Tool

BY_PERF = "instructions by perf"
BY_VALGRIND = "instructions by valgrind"
MAYBE_TWICE = "instructions that may be counted twice"
LOST = "processes without a count"

SLOWER = 50.0
"""Factor on the time limit under valgrind. Cachegrind took 20 to 45 times as long as the program alone."""
_SEEDS = {"PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0"}
"""Variables without which interpreters order their hash tables differently in each run."""
_SECONDS = 20
"""Time limit of a trial that takes milliseconds."""


def _fixed(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words that set the seeds which the user does not set."""
    return ("env", *(f"{name}={value}" for name, value in _SEEDS.items() if name not in environment))


@dataclass(frozen=True, slots=True)
class Perf(Tool):
    """`perf stat`, with hardware counters: exact to about 1e-5, at no cost."""

    program: str
    before: tuple[str, ...] = ()
    """Words before the command: seeds, and a fixed address space where the machine allows one."""

    def around(self, command: Sequence[str], folder: Path) -> Sequence[str]:
        """Children are counted too, by default."""
        return (*_perf_stat(self.program, folder / "perf"), *self.before, *command)

    def read(self, folder: Path) -> Mapping[str, float]:
        """The sum over the kinds of CPU; empty if perf did not count all the time."""
        file = folder / "perf"
        count = perf_count(file.read_text(errors="replace")) if file.is_file() else None
        return {} if count is None else {BY_PERF: count}


def _perf_stat(program: str, file: Path) -> tuple[str, ...]:
    return (program, "stat", "-x", ",", "-e", "instructions:u", "-o", str(file), "--")


def perf_count(text: str) -> float | None:
    """The instructions in the output of `perf stat -x ,`; None if it did not count them all the time.

    Fields (perf-stat(1), "CSV FORMAT"): value, unit, event, run time of the counter, percentage of the time
    in which it ran. A machine with two kinds of CPU has a line for each; one that was not used has no count.
    """
    total = 0.0
    for line in text.splitlines():
        fields = line.split(",")
        if line.startswith("#") or len(fields) < 5 or "instructions" not in fields[2]:
            continue
        if fields[0] == "<not counted>":
            continue
        try:
            value, share = float(fields[0]), float(fields[4])
        except ValueError:
            return None
        if share < 100:  # It is then an estimate from that share of the time.
            return None
        total += value
    return total or None


@dataclass(frozen=True, slots=True)
class Valgrind(Tool):
    """valgrind's cachegrind without its cache model: exact, and its cheapest tool that counts.

    On a loop of 180 million instructions it took 0.2 s beyond its start, exp-bbv and callgrind 0.7 s. It
    counts a process from the start of its program, so it leaves out what a process did before `exec`.
    """

    program: str
    before: tuple[str, ...] = ()
    slower: float = field(default=SLOWER)

    def around(self, command: Sequence[str], folder: Path) -> Sequence[str]:
        """One log for each process; its default output, the counts by line, goes nowhere."""
        tool = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
        log = str(folder).replace("%", "%%")
        return (*self.before, self.program, *tool, "--trace-children=yes", f"--log-file={log}/%p", *command)

    def read(self, folder: Path) -> Mapping[str, float]:
        """The sum over all processes."""
        return valgrind_counts([file.read_text(errors="replace") for file in folder.iterdir()])


_COMMAND = re.compile(r"^==(\d+)== Command: (.*)$", re.MULTILINE)
_PARENT = re.compile(r"^==\d+== Parent PID: (\d+)$", re.MULTILINE)
_TOTAL = re.compile(r"^==\d+== I +refs: +([\d,]+)$", re.MULTILINE)


def valgrind_counts(logs: Sequence[str]) -> Mapping[str, float]:
    """The counts in the logs of cachegrind, one for each process; empty if there is none.

    A forked process inherits the count of its parent, so a child that has its parent's command line may
    have counted up to that much twice. A log without a total is of a process that was killed.
    """
    total = twice = 0.0
    lost = 0
    commands, counts, parents = dict[str, str](), dict[str, float](), dict[str, str]()
    for log in logs:
        head, parent, refs = _COMMAND.search(log), _PARENT.search(log), _TOTAL.search(log)
        if head is None or parent is None or refs is None:
            lost += 1
            continue
        commands[head[1]], parents[head[1]] = head[2], parent[1]
        counts[head[1]] = float(refs[1].replace(",", ""))
    for process, parent_process in parents.items():
        total += counts[process]
        if commands.get(parent_process) == commands[process]:
            twice += min(counts[process], counts[parent_process])
    if not logs:
        return {}
    return {BY_VALGRIND: total, MAYBE_TWICE: twice, LOST: float(lost)}


def perf(environment: Mapping[str, str]) -> Perf | None:
    """perf, if it can count instructions on this machine."""
    program = shutil.which("perf", path=environment.get("PATH", ""))
    if program is None or not _counts(program):
        return None
    fixed = shutil.which("setarch", path=environment.get("PATH", ""))
    still = (fixed, "-R") if fixed and _works(fixed, "-R", "true") else ()
    return Perf(program, (*_fixed(environment), *still))


def valgrind(environment: Mapping[str, str]) -> Valgrind | None:
    """valgrind, if it is installed."""
    program = shutil.which("valgrind", path=environment.get("PATH", ""))
    return Valgrind(program, _fixed(environment)) if program else None


@functools.cache
def _counts(program: str) -> bool:
    trial = _perf_stat(program, Path("/dev/stdout"))
    try:
        done = subprocess.run([*trial, "true"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and perf_count(done.stdout) is not None


@functools.cache
def _works(*words: str) -> bool:
    try:
        return subprocess.run(words, capture_output=True, timeout=_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
