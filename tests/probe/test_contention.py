"""Other activity on the machine during a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bisector.probe.contention import MachineState, contention_between, machine_state

from .running import OWNERSHIPS, run


def test_shares() -> None:
    """Counters become shares of the time between two states."""
    before, after = MachineState(10.0, 100, 1000), MachineState(11.5, 130, 1200)
    found = contention_between(before, after, wall=2.0, cpu=0.5, switches=7)
    assert (found.pressure, found.steal, found.cpu_share, found.involuntary_switches) == (0.75, 0.15, 0.25, 7)
    assert found.load is not None and found.load >= 0


def test_the_share_of_others() -> None:
    """What the test itself used of all CPUs is not the others'; without counters the share is unknown."""
    cores = os.cpu_count() or 1
    before, after = MachineState(None, 0, 1000, busy=400), MachineState(None, 0, 1200, busy=550)
    found = contention_between(before, after, wall=2.0, cpu=0.5 * 2.0 * cores, switches=0)
    assert found.others == pytest.approx(0.25)
    assert contention_between(before, after, wall=2.0, cpu=2.0 * cores, switches=0).others == 0.0
    unknown = MachineState(None, None, None)
    assert contention_between(unknown, unknown, wall=2.0, cpu=0.5, switches=0).others is None


def test_figures_the_machine_does_not_give() -> None:
    """If the kernel lacks a counter, the figure is missing, not wrong."""
    nothing = MachineState(None, None, None)
    found = contention_between(nothing, nothing, wall=3.0, cpu=0.6, switches=None)
    assert (found.pressure, found.steal, found.involuntary_switches) == (None, None, None)


def test_waiting_of_the_test_itself() -> None:
    """The seconds in which the test waited become a share of its wall time."""
    nothing = MachineState(None, None, None)
    assert contention_between(nothing, nothing, 4.0, 1.0, None, waited=3.0).waited == 0.75
    assert contention_between(nothing, nothing, 4.0, 1.0, None).waited is None


@pytest.mark.alone
@pytest.mark.skipif(not OWNERSHIPS["best"].unified, reason="needs control groups, version 2")
def test_a_test_that_shares_its_cpu_waited(tmp_path: Path) -> None:
    """On a CPU shared with four others a test waits most of the time. While it sleeps, it does not wait."""
    cpu = min(os.sched_getaffinity(0))
    line = ["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"]
    others = [subprocess.Popen(line, start_new_session=True) for _ in range(4)]
    burn = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.2: pass'"
    busy = run(burn, tmp_path, cpus={cpu}).run.contention
    asleep = run("sleep 1", tmp_path, cpus={cpu}).run.contention
    for other in others:
        other.kill()
        other.wait()
    assert busy.waited is not None and busy.waited > 0.4
    assert asleep.waited is not None and asleep.waited < 0.2


@pytest.mark.alone
@pytest.mark.skipif(not OWNERSHIPS["best"].unified, reason="needs control groups, version 2")
def test_a_test_in_its_own_way_did_not_wait(tmp_path: Path) -> None:
    """A test whose own processes share a CPU is not unfair: they would do that on any machine."""
    cpu = {max(os.sched_getaffinity(0))}
    burn = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.3: pass'"
    alone = run(burn, tmp_path, cpus=cpu).run.contention.waited
    together = run(f"{burn} & {burn} & {burn} & wait", tmp_path, cpus=cpu).run.contention
    assert alone is not None and together.waited is not None
    assert together.waited < alone + 0.35


def test_no_time_between() -> None:
    """Without elapsed time there are no shares."""
    state = machine_state()
    found = contention_between(state, state, wall=0.0, cpu=0.0, switches=0)
    assert (found.pressure, found.steal, found.cpu_share) == (None, None, None)


def test_states_grow() -> None:
    """The real counters never decrease."""
    before, after = machine_state(), machine_state()
    for name in ("stalled", "ticks", "busy", "oom_kills"):
        first, second = getattr(before, name), getattr(after, name)
        assert first is None or (second is not None and first <= second)
    assert before.runnable is None or before.runnable >= 1
    assert before.busy is None or before.ticks is None or before.busy <= before.ticks
