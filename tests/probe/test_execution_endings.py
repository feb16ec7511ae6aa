"""Each way in which a run can end, with real processes."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bisector.errors import InfrastructureFault, UsageError
from bisector.predicate import Ending, Good, Run
from bisector.probe import execution
from bisector.probe.contention import MachineState, machine_state
from bisector.probe.execution import Limits
from bisector.probe.hierarchies import Hierarchies

from .running import OWNERSHIPS, limited, owned, run

HOLD = '$PYTHON -c "import time; held = bytearray(80 << 20); time.sleep({seconds})"'


@owned
def test_exit_code(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """The exit code is that of the command."""
    found = run("echo said; exit 3", tmp_path, hierarchies=hierarchies).run
    assert (found.ending, found.exit_code, found.signal) == (Ending.EXITED, 3, None)
    assert found.output == "said\n"


@owned
def test_signal(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """A command that a signal kills has no exit code."""
    found = run("kill -SEGV $$", tmp_path, hierarchies=hierarchies).run
    assert (found.ending, found.exit_code, found.signal) == (Ending.SIGNALLED, None, 11)


@owned
def test_timeout(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """The run is stopped at its timeout, without delay."""
    found = run(
        "trap '' TERM; sleep 60 & sleep 60", tmp_path, limits=Limits(0.2), hierarchies=hierarchies
    ).run
    assert (found.ending, found.exit_code) == (Ending.TIMEOUT, None)
    assert 0.2 <= found.wall < 5


@owned
def test_timeout_while_another_process_is_killed_for_memory(
    hierarchies: Hierarchies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's OOM killer, busy with something else, does not make a timeout look like its work."""
    kills = count()

    def state() -> MachineState:
        return replace(machine_state(), oom_kills=next(kills))

    monkeypatch.setattr(execution, "machine_state", state)
    found = run("sleep 60", tmp_path, limits=Limits(0.2), hierarchies=hierarchies).run
    assert found.ending is Ending.TIMEOUT


@owned
def test_output_limit(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """Too much output ends the run, and only part of it is kept, in memory and in the log."""
    log = tmp_path / "log"
    limits = Limits(60, output=20_000_000)
    found = run("exec yes", tmp_path, limits=limits, log=log, hierarchies=hierarchies).run
    assert found.ending is Ending.OUTPUT_LIMIT
    assert len(found.output) < 600_000
    assert "bytes omitted" in found.output
    assert log.stat().st_size < 10_000_000


def test_endless_output_is_drained(tmp_path: Path) -> None:
    """Without an output limit, output never blocks the test."""
    line = "head -c 300000000 /dev/zero; echo end"
    found = run(line, tmp_path, limits=Limits(60, output=None)).run
    assert found.exit_code == 0
    assert found.output.endswith("end\n")


@limited
def test_grandchild_killed_at_the_limit(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """A script that survives the OOM kill of its child does not hide it."""
    line = f"bash -c '{HOLD.format(seconds=0)}'; echo survived; exit 0"
    found = run(line, tmp_path, limits=Limits(60, 40 << 20), hierarchies=hierarchies).run
    assert found.ending is Ending.MEMORY_LIMIT
    assert found.oom_kills == 1
    assert found.peak_memory is not None and 30 << 20 < found.peak_memory <= 40 << 20


@owned
def test_memory_limit_without_the_kernel(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """Every ownership enforces the limit on a process that stays above it for a while."""
    line = HOLD.format(seconds=30) + "; true"
    found = run(line, tmp_path, limits=Limits(60, 40 << 20), hierarchies=hierarchies).run
    assert found.ending is Ending.MEMORY_LIMIT
    assert found.wall < 10


@limited
def test_memory_below_the_limit(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """A peak below the limit is not an OOM."""
    found = run(HOLD.format(seconds=0), tmp_path, limits=Limits(60, 200 << 20), hierarchies=hierarchies).run
    assert (found.ending, found.exit_code, found.oom_kills) == (Ending.EXITED, 0, 0)


def test_peak_between_two_samples(tmp_path: Path) -> None:
    """Without the kernel's account, a short peak above the limit shows in the first process's own peak."""
    # More than the peak of this process, which a child inherits.
    held = max(300 << 20, 2048 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    line = f"exec $PYTHON -c 'held = bytearray({held})'"
    limits = Limits(60, held // 3)
    found = run(line, tmp_path, limits=limits, tick=30.0, hierarchies=OWNERSHIPS["sampled"]).run
    assert found.ending is Ending.MEMORY_LIMIT
    assert found.peak_memory is not None and found.peak_memory > held
    assert "a limit on each process" in found.memory_source


def test_one_process_is_refused_far_more_than_the_limit(tmp_path: Path) -> None:
    """Without a kernel limit on the tree, a limit on each process protects the machine."""
    line = "$PYTHON -c 'held = bytearray(400 << 20)' || echo refused"
    limits = Limits(60, 40 << 20)
    found = run(line, tmp_path, limits=limits, tick=30.0, hierarchies=OWNERSHIPS["sampled"]).run
    assert "MemoryError" in found.output and found.output.endswith("refused\n")
    reserved = "$PYTHON -c 'import mmap; mmap.mmap(-1, 4 << 30, prot=mmap.PROT_READ)'"
    assert run(reserved, tmp_path, limits=limits, hierarchies=OWNERSHIPS["sampled"]).run.exit_code == 0


@pytest.mark.alone
@pytest.mark.skipif(not OWNERSHIPS["version 1"].memory, reason="needs a version 1 memory controller")
def test_machine_out_of_memory_without_control_groups(tmp_path: Path) -> None:
    """Without an account of the run, a SIGKILL during an OOM of the machine gives no verdict."""
    version_1 = OWNERSHIPS["version 1"]
    assert version_1.memory
    small = version_1.memory / f"bisector-test-{os.getpid()}"
    small.mkdir()
    try:
        (small / "memory.limit_in_bytes").write_text(str(40 << 20))
        line = f"echo $$ > {small}/cgroup.procs; exec {HOLD.format(seconds=0)}"
        with pytest.raises(InfrastructureFault, match="the machine ran out of memory"):
            run(line, tmp_path, hierarchies=OWNERSHIPS["sampled"])
    finally:
        small.rmdir()


def test_killed_by_somebody(tmp_path: Path) -> None:
    """A SIGKILL on a machine with free memory is a signal like any other."""
    found = run("kill -KILL $$", tmp_path, hierarchies=OWNERSHIPS["sampled"]).run
    assert (found.ending, found.signal) == (Ending.SIGNALLED, 9)


@pytest.mark.alone
@pytest.mark.skipif(not OWNERSHIPS["version 1"].memory, reason="needs a version 1 memory controller")
def test_machine_out_of_memory(tmp_path: Path) -> None:
    """An OOM kill below the hunt's own limit gives no verdict on the command."""
    version_1 = OWNERSHIPS["version 1"]
    assert version_1.memory
    small = version_1.memory / f"bisector-test-{os.getpid()}"
    small.mkdir()
    try:
        (small / "memory.limit_in_bytes").write_text(str(40 << 20))
        machine = replace(version_1, memory=small)
        for limit in (None, 200 << 20):
            with pytest.raises(InfrastructureFault, match="the machine ran out of memory"):
                run(HOLD.format(seconds=0), tmp_path, limits=Limits(60, limit), hierarchies=machine)
    finally:
        small.rmdir()


@owned
def test_early_judgement_on_a_line(hierarchies: Hierarchies, tmp_path: Path) -> None:
    """A watcher ends the run as soon as its judgement is clear, and the judgement is returned."""

    def watch(so_far: Run) -> Good | None:
        return Good("seen") if len(so_far.matches["^ok"]) >= 2 else None

    line = "echo ok 1; echo no; echo ok 2; sleep 60"
    found = run(line, tmp_path, patterns=["^ok"], watch=watch, hierarchies=hierarchies)
    assert found.judgement == Good("seen")
    assert found.run.ending is Ending.JUDGED
    assert found.run.wall < 10
    assert [match.text for match in found.run.matches["^ok"]] == ["ok 1", "ok 2"]


def test_early_judgement_on_a_tick(tmp_path: Path) -> None:
    """A watcher is also called when nothing is printed, with times and memory so far."""
    seen: list[Run] = []

    def watch(so_far: Run) -> Good | None:
        seen.append(so_far)
        return Good("long enough") if so_far.wall > 0.1 else None

    assert run("sleep 60", tmp_path, watch=watch, tick=0.02).judgement == Good("long enough")
    assert len(seen) >= 3
    assert all(so_far.ending is None for so_far in seen)


@pytest.mark.parametrize(
    "line", [("no-such-program",), "no-such-program", "./no-such-script.sh", ("./none",)]
)
def test_program_missing(line: str | tuple[str, ...], tmp_path: Path) -> None:
    """A missing program exits with 127, as in a shell."""
    assert run(line, tmp_path).run.exit_code == 127


@pytest.mark.parametrize("line", [("./script",), "./script"])
def test_program_not_executable(line: str | tuple[str, ...], tmp_path: Path) -> None:
    """A program that cannot be executed exits with 126, as in a shell."""
    (tmp_path / "script").write_text("#!/bin/sh\n")
    assert run(line, tmp_path).run.exit_code == 126


def test_folder_missing(tmp_path: Path) -> None:
    """A missing folder gives no verdict on the command."""
    with pytest.raises(InfrastructureFault, match=r"cannot run 'true': no folder .*/gone"):
        run("true", tmp_path / "gone")


@pytest.mark.skipif(not OWNERSHIPS["best"].unified, reason="needs control groups, version 2")
def test_group_that_cannot_be_joined(tmp_path: Path) -> None:
    """If a process cannot join its group, it never starts, and there is no verdict."""
    unified = OWNERSHIPS["best"].unified
    assert unified
    threaded = unified / f"bisector-test-{os.getpid()}"
    threaded.mkdir()
    try:
        (threaded / "cgroup.type").write_text("threaded")
        with pytest.raises(InfrastructureFault, match="cannot move the test into its control group"):
            run("touch ran", tmp_path, hierarchies=Hierarchies(unified=threaded))
    finally:
        threaded.rmdir()
    assert not (tmp_path / "ran").exists()


def test_log_cannot_be_written(tmp_path: Path) -> None:
    """If the log cannot be written, there is no verdict on the command."""
    with pytest.raises(InfrastructureFault, match="cannot write the log"):
        run("true", tmp_path, log=tmp_path / "gone" / "log")


def test_pattern_wrong(tmp_path: Path) -> None:
    """An invalid regular expression is an error of the user."""
    with pytest.raises(UsageError, match="not a regular expression"):
        run("true", tmp_path, patterns=["("])


def test_words_are_not_a_shell_line(tmp_path: Path) -> None:
    """A program that is given as words gets its arguments unchanged."""
    assert run(("printf", "%s|", "$HOME", "a  b", "*"), tmp_path).run.output == "$HOME|a  b|*|"


def test_standard_input_is_empty(tmp_path: Path) -> None:
    """A command that reads its standard input gets the end of file at once."""
    assert run("cat; echo end", tmp_path, limits=Limits(10)).run.output == "end\n"


def test_environment_is_only_what_is_given(tmp_path: Path) -> None:
    """No variable of bisector's own environment is passed, except the mark of the run."""
    names = {line.partition("=")[0] for line in run(("env",), tmp_path).run.output.splitlines()}
    assert names <= {"PATH", "PYTHON", "PWD", "OLDPWD", "SHLVL", "_", "BISECTOR_PROBE"}


def test_closed_output(tmp_path: Path) -> None:
    """A command that closes its output is still waited for."""
    found = run("exec >&- 2>&-; sleep 0.3; exit 4", tmp_path, limits=Limits(20)).run
    assert found.exit_code == 4
    assert found.wall >= 0.3
