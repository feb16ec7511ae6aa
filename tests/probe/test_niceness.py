"""Runs with a niceness, as real processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bisector.probe.cgroup import ControlGroup
from bisector.probe.execution import Execution
from bisector.probe.hierarchies import Hierarchies
from bisector.probe.ownership import new_token
from bisector.probe.process_tree import SampledTree

from .running import OWNERSHIPS, owned, run

SWITCH = Path("/proc/sys/kernel/sched_autogroup_enabled")
PAUSE = 0.15
"""Seconds between two changes of a session's niceness without root: one per 0.1 s is allowed."""

LAST = 19
"""The niceness with the lowest priority."""

autogrouped = pytest.mark.skipif(
    not SWITCH.exists() or SWITCH.read_text().strip() != "1",
    reason="the kernel does not group processes by session (sched_autogroup_enabled)",
)
grouped = pytest.mark.skipif(not OWNERSHIPS["best"].unified, reason="needs control groups, version 2")


def lines_of(found: Execution) -> list[str]:
    """What the command printed, after a check that it succeeded."""
    assert found.run.exit_code == 0, found.run.output
    return found.run.output.splitlines()


@owned
@pytest.mark.parametrize("nice", [0, 18, LAST])
def test_niceness_of_the_command(hierarchies: Hierarchies, nice: int, tmp_path: Path) -> None:
    """The command and all processes that it starts have the niceness, also in a session of their own."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    found = run("nice; setsid nice; sh -c 'nice; :'", tmp_path, nice=nice, hierarchies=hierarchies)
    assert lines_of(found) == [str(max(nice, own))] * 3


@autogrouped
@owned
@pytest.mark.parametrize("nice", [0, 18, LAST])
def test_niceness_of_the_session(hierarchies: Hierarchies, nice: int, tmp_path: Path) -> None:
    """The session has the niceness too. Otherwise it would have no effect next to other sessions."""
    if os.geteuid():
        time.sleep(PAUSE)
    line = "cat /proc/self/autogroup; sh -c 'cat /proc/self/autogroup; :'; :"
    first, child = lines_of(run(line, tmp_path, nice=nice, hierarchies=hierarchies))
    assert first.endswith(f" nice {nice}")
    assert child == first


@autogrouped
def test_own_session_keeps_its_niceness(tmp_path: Path) -> None:
    """The niceness of the command does not change bisector or its session."""
    session, own = Path("/proc/self/autogroup").read_text(), os.getpriority(os.PRIO_PROCESS, 0)
    lines_of(run("true", tmp_path, nice=LAST))
    assert Path("/proc/self/autogroup").read_text() == session
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


@pytest.mark.parametrize("nice", [-99, 0, LAST, 99])
def test_a_sampled_tree_yields_without_a_fault(nice: int) -> None:
    """A tree outside the scheduler's groups accepts any value, including one that is not a niceness."""
    tree = SampledTree(new_token(), Path())
    tree.yield_to_others(nice)
    tree.remove()


@grouped
@pytest.mark.parametrize("nice", [-99, 0, LAST, 99])
def test_a_group_yields_without_a_fault(nice: int) -> None:
    """No niceness, no controller or no group is not a fault of the run."""
    group = ControlGroup(OWNERSHIPS["best"], new_token(), None)
    try:
        group.yield_to_others(nice)
    finally:
        group.remove()
    group.yield_to_others(nice)


def test_weight_of_a_group(tmp_path: Path) -> None:
    """If the group has its own share of the CPUs, the share follows the niceness. A file stands in here."""
    group = ControlGroup(Hierarchies(unified=tmp_path), "1-2-3-4", None)
    weight = tmp_path / "bisector-1-2-3-4" / "cpu.weight.nice"
    group.yield_to_others(LAST)
    assert not weight.exists()
    weight.write_text("0\n")
    group.yield_to_others(LAST)
    assert weight.read_text().strip() == "19"


def test_a_weight_that_cannot_be_set(tmp_path: Path) -> None:
    """A kernel that refuses the weight does not fail the run. A folder stands for the file."""
    group = ControlGroup(Hierarchies(unified=tmp_path), "1-2-3-4", None)
    weight = tmp_path / "bisector-1-2-3-4" / "cpu.weight.nice"
    weight.mkdir()
    group.yield_to_others(LAST)
    assert weight.is_dir()


def test_version_1_has_no_weight_to_set(tmp_path: Path) -> None:
    """A group with only version 1 is not changed."""
    group = ControlGroup(Hierarchies(cpuacct=tmp_path), "1-2-3-4", None)
    group.yield_to_others(LAST)
    assert not list((tmp_path / "bisector-1-2-3-4").iterdir())
