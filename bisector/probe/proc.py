"""Reads processes from `/proc`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """The fields of `/proc/PID/stat` that ownership needs (proc(5)); seconds, bytes, ticks since boot."""

    pid: int
    state: str
    parent: int
    session: int
    user: float
    system: float
    children_user: float
    children_system: float
    started: int
    resident: int

    @property
    def is_zombie(self) -> bool:
        """Whether it has ended but is not reaped yet."""
        return self.state in "ZX"


def parse_status(text: str) -> ProcessStatus:
    """Parse `/proc/PID/stat`; its command name may contain spaces and parentheses."""
    pid = int(text[: text.index(" ")])
    fields = text[text.rindex(")") + 2 :].split()
    return ProcessStatus(
        pid=pid,
        state=fields[0],
        parent=int(fields[1]),
        session=int(fields[3]),
        user=int(fields[11]) * TICK,
        system=int(fields[12]) * TICK,
        children_user=int(fields[13]) * TICK,
        children_system=int(fields[14]) * TICK,
        started=int(fields[19]),
        resident=int(fields[21]) * PAGE,
    )


def status_of(pid: int) -> ProcessStatus | None:
    """The status of a process; None if there is no such process."""
    try:
        return parse_status(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def all_processes() -> dict[int, ProcessStatus]:
    """All visible processes, by pid."""
    found = (status_of(pid) for pid in _pids())
    return {process.pid: process for process in found if process}


def environment_value(pid: int, name: str) -> str | None:
    """A variable of a process's initial environment; None if unset or unreadable."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    start = name.encode() + b"="
    for entry in environment.split(b"\0"):
        if entry.startswith(start):
            return entry[len(start) :].decode(errors="replace")
    return None


def started_now() -> int:
    """The value of `ProcessStatus.started` for a process started now, in ticks since boot."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) / TICK)


def holds_open(pid: int, folder: Path) -> bool:
    """Whether a process has its working directory or an open file in `folder` (a resolved path)."""
    for link in [Path(f"/proc/{pid}/cwd"), *Path(f"/proc/{pid}/fd").glob("*")]:
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(folder):
                return True
    return False


def with_environment(name: str) -> Iterator[tuple[int, str]]:
    """Every process with the variable `name` in its environment, and the value."""
    for pid in _pids():
        if (value := environment_value(pid, name)) is not None:
            yield pid, value


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
