"""How long a test waits for a CPU, in every kind of process tree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bisector.predicate import Ending
from bisector.probe.execution import Command, Limits, execute
from bisector.probe.hierarchies import Hierarchies, candidates, detect
from bisector.probe.run_delay import RunDelay

_WORK = "import time\nwhile time.thread_time() < 0.4: pass"


def _hierarchies(kind: str) -> Hierarchies:
    if kind == "sampled":
        return Hierarchies()
    if kind == "unified":
        return detect()
    mounts, own = (Path(f"/proc/self/{name}").read_text() for name in ("mountinfo", "cgroup"))
    folder = candidates(mounts, own).cpuacct
    return Hierarchies(cpuacct=folder if folder and os.access(folder, os.W_OK) else None)


@pytest.fixture
def one_cpu() -> Iterator[int]:
    """A CPU on which another process is always busy."""
    cpu = min(os.sched_getaffinity(0))
    busy = subprocess.Popen(["taskset", "-c", str(cpu), sys.executable, "-c", "while True: pass"])
    yield cpu
    busy.kill()
    busy.wait()


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["unified", "sampled", "v1"])
def test_waiting_for_a_busy_cpu_is_measured(kind: str, one_cpu: int, tmp_path: Path) -> None:
    """Next to a busy process, a program waits about half of its time, and that time is not counted."""
    hierarchies = _hierarchies(kind)
    if kind == "unified" and not hierarchies.unified:
        pytest.skip("no writable control groups of version 2")
    if kind == "v1" and not hierarchies.cpuacct:
        pytest.skip("no writable control groups of version 1 for CPU accounting")
    command = Command((sys.executable, "-c", _WORK), tmp_path, dict(os.environ))
    beside = execute(command, hierarchies=hierarchies, cpus={one_cpu}).run
    assert 0.25 < (beside.contention.waited or 0) < 0.9
    assert beside.with_a_cpu(beside.wall) < 0.75 * beside.wall


@pytest.mark.alone
def test_a_timeout_counts_the_time_with_a_cpu(one_cpu: int, tmp_path: Path) -> None:
    """Next to a busy process too, a program that needs less than its timeout ends before it."""
    command = Command((sys.executable, "-c", _WORK), tmp_path, dict(os.environ))
    run = execute(command, Limits(timeout=0.6), cpus={one_cpu}).run
    assert run.ending is Ending.EXITED
    assert run.wall > 0.6
    endless = Command((sys.executable, "-c", "while True: pass"), tmp_path, dict(os.environ))
    assert execute(endless, Limits(timeout=0.3), cpus={one_cpu}).run.ending is Ending.TIMEOUT


@pytest.mark.parametrize(
    ("texts", "waited"),
    [
        pytest.param(["7000000 4000000 3", "1000000 2000000 1"], 0.006, id="two threads"),
        pytest.param(["0 0 0", "0 0 0"], None, id="a kernel without these statistics"),
        pytest.param(["7000000 0 3", "0 0 0"], 0.0, id="a thread that has not begun"),
        pytest.param(["nonsense", ""], None, id="another format"),
        pytest.param([], None, id="no such file"),
    ],
)
def test_what_the_kernel_tells_of_each_thread(texts: list[str], waited: float | None, tmp_path: Path) -> None:
    """Zeros everywhere mean that the kernel does not count, not that nothing waited."""
    for thread, text in enumerate(texts, 40):
        (tmp_path / f"40/task/{thread}").mkdir(parents=True)
        (tmp_path / f"40/task/{thread}/schedstat").write_text(text)
    delay = RunDelay(proc=tmp_path)
    delay.sample([40])
    assert delay.waited(-1000.0) == (None if waited is None else pytest.approx(waited))
