"""A process tree owned by Linux control groups, versions 1 and 2."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from resource import struct_rusage

from bisector.errors import InfrastructureFault
from bisector.probe.hierarchies import PREFIX, Hierarchies
from bisector.probe.ownership import KILL_PATIENCE, Usage, unkillable
from bisector.probe.proc import status_of
from bisector.probe.process_tree import own_peak
from bisector.probe.run_delay import RunDelay

LARGEST_CHARGE = 4 * 1024 * 1024
"""Bytes: a huge page and what each CPU charges in advance."""


class ControlGroup:
    """A `ProcessTree` in its own control group; needs `unified` or `cpuacct`.

    Peak memory is the most that the kernel charged to the group (`memory.peak` in version 2, from Linux 5.19;
    `memory.max_usage_in_bytes` in version 1), minus the page cache charged at the end: the kernel can drop
    cached files, and they would hide what the test itself uses. (tmpfs files cannot be dropped and stay
    counted.) A test may free its memory before it fills the cache, so the largest sample of what is charged
    without the cache counts if it is more. Without a memory controller, peak memory is the sampled sum of
    resident sizes.
    """

    def __init__(self, hierarchies: Hierarchies, token: str, memory_limit: int | None) -> None:
        name = f"{PREFIX}{token}"
        self._unified = hierarchies.unified and hierarchies.unified / name
        self._memory_1 = hierarchies.memory and hierarchies.memory / name
        self._memory_2 = self._unified if hierarchies.unified_memory else None
        self._cpuacct = hierarchies.cpuacct and hierarchies.cpuacct / name
        self._groups = [group for group in (self._unified, self._memory_1, self._cpuacct) if group]
        self._sampled_peak = 0
        self._top = 0
        self._delay = RunDelay()
        self.enforces_memory = bool(self._memory_1 or self._memory_2)
        self.memory_source = self._name_source()
        try:
            for group in self._groups:
                group.mkdir()
            self._limit(memory_limit)
        except OSError as error:
            self.remove()
            raise InfrastructureFault(f"cannot set up a control group for the test: {error}") from error

    def _name_source(self) -> str:
        if self._memory_2:
            return "cgroup v2"
        return (
            "cgroup v1"
            if self._memory_1
            else "sampled resident sizes and a limit on each process (no memory controller)"
        )

    def _limit(self, limit: int | None) -> None:
        """Limit the group to `limit` bytes of memory, swap included."""
        if limit is None:
            return
        if self._memory_2:
            (self._memory_2 / "memory.max").write_text(str(limit))
            (self._memory_2 / "memory.oom.group").write_text("1")
            _write_if_there(self._memory_2 / "memory.swap.max", "0")
        elif self._memory_1:
            (self._memory_1 / "memory.limit_in_bytes").write_text(str(limit))
            _write_if_there(self._memory_1 / "memory.memsw.limit_in_bytes", str(limit))

    def join(self, pid: int) -> None:
        """Move `pid` into the group; its future children follow."""
        self._top = pid
        try:
            for group in self._groups:
                (group / "cgroup.procs").write_text(str(pid))
        except OSError as error:
            raise InfrastructureFault(f"cannot move the test into its control group: {error}") from error

    def yield_to_others(self, nice: int) -> None:
        """Lower the group's CPU priority, if the kernel schedules it as a group."""
        if self._unified:
            with contextlib.suppress(OSError):
                _write_if_there(self._unified / "cpu.weight.nice", str(nice))

    def usage(self, top: struct_rusage | None = None) -> Usage:
        """Read the group's counters, which outlive its processes."""
        user, system = self._cpu()
        waited = self._waited(user + system)
        if self._memory_2:
            return Usage(user, system, self._peak_2(self._memory_2), *_oom_2(self._memory_2), waited)
        if self._memory_1:
            return Usage(user, system, self._peak_1(self._memory_1), *_oom_1(self._memory_1), waited)
        self._sample(own_peak(top) if top else _resident(_pids(self._groups[0])))
        return Usage(user, system, self._sampled_peak or None, waited=waited)

    def _waited(self, cpu: float) -> float | None:
        stalled = _stalled(self._unified) if self._unified else None
        if stalled is not None:
            return stalled
        self._delay.sample({self._top, *_pids(self._groups[0])})
        return self._delay.waited(cpu)

    def _cpu(self) -> tuple[float, float]:
        if self._unified:
            stat = _keyed(self._unified / "cpu.stat")
            return stat["user_usec"] / 1e6, stat["system_usec"] / 1e6
        assert self._cpuacct is not None
        return _cpu_1(self._cpuacct)

    def _peak_2(self, group: Path) -> int:
        stat = _keyed(group / "memory.stat")
        cache = stat.get("file", 0) - stat.get("shmem", 0)
        self._sample(_number(group / "memory.current") - cache)
        peak = group / "memory.peak"
        return max(_number(peak) - cache, self._sampled_peak) if peak.exists() else self._sampled_peak

    def _peak_1(self, group: Path) -> int:
        stat = _keyed(group / "memory.stat")
        cache = stat.get("cache", 0) - stat.get("shmem", 0)
        self._sample(_number(group / "memory.usage_in_bytes") - cache)
        return max(_number(group / "memory.max_usage_in_bytes") - cache, self._sampled_peak)

    def _sample(self, memory: int) -> None:
        self._sampled_peak = max(self._sampled_peak, memory)

    def kill(self) -> None:
        """Kill the group at once if the kernel can (5.14), else process by process until none is left."""
        if self._unified is None or _stalled(self._unified) is None:
            self._delay.sample({self._top, *_pids(self._groups[0])})
        kill_groups(self._groups)

    def remove(self) -> None:
        """Remove the groups, which must be empty."""
        remove_groups(self._groups)


def kill_groups(groups: list[Path]) -> None:
    """Kill every process in these groups and in the groups nested in them."""
    deadline = time.monotonic() + KILL_PATIENCE
    for group in groups:
        while members := [pid for folder in _with_nested(group) for pid in _pids(folder)]:
            _kill_at_once(group, members)
            if time.monotonic() > deadline:
                raise unkillable(members[0])
            time.sleep(0.0005)


def _kill_at_once(group: Path, members: list[int]) -> None:
    """Kill the current members; another bisector that cleans up may be faster."""
    with contextlib.suppress(OSError):
        if (group / "cgroup.kill").exists():
            (group / "cgroup.kill").write_text("1")
        else:
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def remove_groups(groups: list[Path]) -> None:
    """Remove empty groups; the kernel may need a moment to see that a group is empty."""
    deadline = time.monotonic() + KILL_PATIENCE
    for group in groups:
        while group.exists():
            try:
                for folder in _with_nested(group):
                    folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if time.monotonic() > deadline:
                    raise InfrastructureFault(f"cannot remove the control group {group}: {error}") from error
                time.sleep(0.0005)


def _with_nested(group: Path) -> list[Path]:
    """The group and the groups nested in it (a test may create some), innermost first."""
    return [Path(folder) for folder, _, _ in os.walk(group, topdown=False)]


def _pids(group: Path) -> list[int]:
    """The processes in the group; none if it no longer exists."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    return []


def _resident(pids: list[int]) -> int:
    return sum(status.resident for pid in pids if (status := status_of(pid)))


def _cpu_1(group: Path) -> tuple[float, float]:
    """User and system seconds.

    The total is exact but its parts are counted in clock ticks, so they only divide the total, as in the
    kernel's `cputime_adjust`.
    """
    total = _number(group / "cpuacct.usage") / 1e9
    user, system = (_number(group / f"cpuacct.usage_{part}") for part in ("user", "sys"))
    share = user / (user + system) if user + system else 1.0
    return total * share, total * (1 - share)


def _oom_1(group: Path) -> tuple[int, bool]:
    """OOM kills in the group, and whether its own limit was reached (else the machine ran out of memory).

    Not every kernel counts hits of the limit in `memory.failcnt` (6.18 does not), so a peak within one charge
    of the limit is evidence as well.
    """
    kills = _keyed(group / "memory.oom_control").get("oom_kill", 0)
    limit = _number(group / "memory.limit_in_bytes")
    reached = _number(group / "memory.max_usage_in_bytes") >= limit - LARGEST_CHARGE
    return kills, reached or _number(group / "memory.failcnt") > 0


def _oom_2(group: Path) -> tuple[int, bool]:
    events = _keyed(group / "memory.events")
    return events.get("oom_kill", 0), events.get("oom", 0) > 0


def _stalled(group: Path) -> float | None:
    """Seconds in which processes of the group waited for a CPU while none of them ran.

    The `full` line of the group's pressure stall information, which excludes waiting for each other.
    https://docs.kernel.org/accounting/psi.html
    """
    with contextlib.suppress(OSError):
        for line in (group / "cpu.pressure").read_text().splitlines():
            if line.startswith("full"):
                return int(line.rpartition("total=")[2]) / 1e6
    return None


def _keyed(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in path.read_text().splitlines())
    return {key: int(value) for key, value in pairs}


def _number(path: Path) -> int:
    return int(path.read_text())


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text)
