"""Running commands in tests, with each kind of process ownership that this machine supports."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bisector.probe.execution import Command, Execution, execute
from bisector.probe.hierarchies import Hierarchies, candidates, detect
from bisector.probe.proc import status_of

PYTHON = str(Path(sys.executable).resolve())
"""The interpreter itself: a virtual environment may be in /tmp, and a sandbox has its own /tmp."""


def _version_1() -> Hierarchies:
    """Version 1 alone, as far as this machine has it."""
    found = candidates(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    memory, cpuacct = (
        path if path and os.access(path, os.W_OK) else None for path in (found.memory, found.cpuacct)
    )
    return Hierarchies(memory=memory, cpuacct=cpuacct)


OWNERSHIPS = {"best": detect(), "version 1": _version_1(), "sampled": Hierarchies()}

owned = pytest.mark.parametrize(
    "hierarchies",
    [pytest.param(value, id=key) for key, value in OWNERSHIPS.items() if key == "sampled" or value.folders],
)
"""Runs a test with each ownership. If no control group can be created, only the sampled one is used."""

limited = pytest.mark.parametrize(
    "hierarchies",
    [pytest.param(value, id=key) for key, value in OWNERSHIPS.items() if value.memory or value.unified_memory]
    or [pytest.param(None, marks=pytest.mark.skip("no writable memory controller"))],
)
"""Runs a test with each ownership in which the kernel enforces the memory limit."""


def run(line: str | tuple[str, ...], folder: Path, **options: Any) -> Execution:
    """Execute a line with a minimal environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHON": PYTHON}
    return execute(Command(line, folder, environment), **options)


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Poll until `condition` is true and return it. Fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return found


def is_running(pid: int) -> bool:
    """Whether the process is alive (a zombie is not)."""
    status = status_of(pid)
    return status is not None and not status.is_zombie


def pids_in(file: Path) -> list[int]:
    """The complete lines of a file of pids that is still being written."""
    return [int(line) for line in file.read_text().split("\n")[:-1]] if file.exists() else []


def groups() -> list[Path]:
    """All control groups of bisector runs, of any owner."""
    return [group for kind in OWNERSHIPS.values() for top in kind.folders for group in top.glob("bisector-*")]
