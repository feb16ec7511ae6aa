"""Waiting for a quiet machine, with a machine and a clock that the test controls."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

import pytest

from bisector.hunt_file.machine import Quiet
from bisector.probe.contention import MachineState, machine_state
from bisector.probe.quiet import sample_load, wait_for_quiet

CORES = os.cpu_count() or 1
TICKS = os.sysconf("SC_CLK_TCK")
HALF = Quiet(load_per_core=0.5, wait=600.0)


class Machine:
    """A machine with the load per core `load(seconds since the start)`, whose sleeps take no time.

    `shown` lists which of the three measures of load its kernel has.
    """

    def __init__(self, load: Callable[[float], float], shown: str = "busy runnable stalled") -> None:
        self._load = load
        self._shown = shown.split()
        self._busy = self._stalled = 0.0
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        load = self._load(self.now)
        self._busy += min(load, 1) * seconds * CORES * TICKS
        self._stalled += min(load, 1) * seconds
        self.now += seconds

    def state(self) -> MachineState:
        busy, stalled = ("busy" in self._shown), ("stalled" in self._shown)
        runnable = 1 + round(self._load(self.now) * CORES) if "runnable" in self._shown else None
        return MachineState(
            self._stalled if stalled else None, None, None, self._busy if busy else None, runnable
        )

    def wait(self, quiet: Quiet) -> tuple[str | None, list[str]]:
        told: list[str] = []
        return wait_for_quiet(quiet, told.append, self.clock, self.sleep, self.state), told


@pytest.mark.parametrize("shown", ["busy", "runnable", "stalled", "busy runnable stalled"])
def test_goes_on_when_calm_comes(shown: str) -> None:
    """Each measure of load delays a probe, and stops delaying it as soon as the load is gone."""
    machine = Machine(lambda now: 3.0 if now < 200 else 0.0, shown)
    gave_up, told = machine.wait(HALF)
    assert gave_up is None
    assert 200 <= machine.now <= 202.1
    assert len(told) == 4
    assert told[0].startswith("load per core ") and told[0].endswith(", 0.5 wanted; 9m 59s left")


def test_a_pause_is_not_calm() -> None:
    """A busy machine does not count as quiet because bisector was stopped during the check."""
    machine = Machine(lambda now: 3.0 if now < 200 else 0.0, "busy stalled")

    def stopped(seconds: float) -> None:
        machine.sleep(seconds)
        if 50 < machine.now < 51:
            machine.now += 100

    gave_up = wait_for_quiet(HALF, lambda _why: None, machine.clock, stopped, machine.state)
    assert gave_up is None
    assert machine.now >= 200


def test_calm_from_the_start() -> None:
    """A quiet machine costs one second and prints nothing."""
    machine = Machine(lambda now: 0.0)
    assert machine.wait(HALF) == (None, [])
    assert machine.now == pytest.approx(1.0)


def test_a_kernel_that_shows_nothing() -> None:
    """If the load is unknown, there is nothing to wait for."""
    assert Machine(lambda now: 9.0, "").wait(HALF) == (None, [])


def test_gives_up() -> None:
    """A machine that never gets quiet is waited for up to the limit. Then the message describes it."""
    machine = Machine(lambda now: 2.0)
    gave_up, told = machine.wait(HALF)
    assert gave_up is not None
    assert gave_up.startswith("the machine was still busy after waiting for 10m (load per core 2.00, 0.5")
    assert 600 <= machine.now <= 602.1
    assert len(told) == 10


def test_no_patience() -> None:
    """With no time to wait, the machine is checked once."""
    gave_up, told = Machine(lambda now: 2.0).wait(Quiet(load_per_core=0.5, wait=0.0))
    assert gave_up is not None and told == []


@pytest.mark.parametrize(("load", "calm"), [(0.49, True), (0.5, True), (0.51, False)])
def test_the_bound_itself(load: float, calm: bool) -> None:
    """A load equal to the limit is quiet."""
    gave_up, _ = Machine(lambda now: load, "busy").wait(Quiet(load_per_core=0.5 + 1e-9, wait=1.0))
    assert (gave_up is None) is calm


@pytest.mark.alone
def test_what_others_do_is_seen() -> None:
    """Busy processes on the real machine are noticed within a second."""
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(CORES)]
    during = sample_load(time.monotonic, time.sleep, machine_state)
    for process in busy:
        process.kill()
        process.wait()
    assert during > 0.8
