"""Other load on the machine while a test ran."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from bisector.predicate import Contention
from bisector.probe.hierarchies import detect


@dataclass(frozen=True, slots=True)
class MachineState:
    """Counters of the whole machine since boot; None if the kernel does not provide them."""

    stalled: float | None
    """Seconds in which at least one task waited for a CPU (pressure stall information)."""
    stolen: float | None
    """Clock ticks taken by the hypervisor; `ticks` is the total (proc(5), `/proc/stat`)."""
    ticks: float | None
    busy: float | None = None
    """Clock ticks in which a CPU was not idle, including the hypervisor's."""
    runnable: int | None = None
    """Tasks that run or wait for a CPU right now, including this one."""
    oom_kills: int | None = None
    """Processes killed because memory ran out, in any control group."""


def tells_waiting() -> bool:
    """Whether this machine measures how long a test waited for a CPU (by control group)."""
    return detect().unified is not None and _stalled() is not None


def machine_state() -> MachineState:
    """Read the counters now."""
    return MachineState(_stalled(), *_cpus(), _oom_kills())


def _stalled() -> float | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/pressure/cpu").read_text().splitlines():
            if line.startswith("some"):
                return int(line.rpartition("total=")[2]) / 1e6
    return None


def _cpus() -> tuple[float | None, float | None, float | None, int | None]:
    """Steal, total and busy ticks of the first line (user time includes guest time), and runnable tasks."""
    with contextlib.suppress(OSError):
        first, _, rest = Path("/proc/stat").read_text().partition("\n")
        fields = [int(field) for field in first.split()[1:9]]
        running = rest.rpartition("procs_running ")[2].split(maxsplit=1)
        if len(fields) == 8:
            idle = fields[3] + fields[4]
            return fields[7], sum(fields), sum(fields) - idle, int(running[0]) if running else None
    return None, None, None, None


def _oom_kills() -> int | None:
    with contextlib.suppress(OSError):
        found = Path("/proc/vmstat").read_text().rpartition("\noom_kill ")[2].split(maxsplit=1)
        return int(found[0]) if found and found[0].isdecimal() else None
    return None


def contention_between(
    before: MachineState,
    after: MachineState,
    wall: float,
    cpu: float,
    switches: int | None,
    waited: float | None = None,
) -> Contention:
    """Contention between two states; `cpu` is the test's own user + system seconds.

    `waited` is the time in seconds in which the test was ready to run but got no CPU.
    """
    return Contention(
        load=os.getloadavg()[0],
        pressure=_share(before.stalled, after.stalled, wall),
        steal=_steal(before, after),
        involuntary_switches=switches,
        cpu_share=cpu / wall if wall > 0 else None,
        waited=share_waited(waited, wall),
        others=_others(before, after, wall, cpu),
    )


def share_waited(waited: float | None, wall: float) -> float | None:
    """The time that a run waited for a CPU, as a share of its wall time."""
    return _share(0.0, waited, wall)


def _share(before: float | None, after: float | None, whole: float) -> float | None:
    if before is None or after is None or whole <= 0:
        return None
    return min(max((after - before) / whole, 0.0), 1.0)


def _others(before: MachineState, after: MachineState, wall: float, cpu: float) -> float | None:
    """The share of all CPUs' time that processes other than the test used."""
    if before.ticks is None or after.ticks is None:
        return None
    busy = _share(before.busy, after.busy, after.ticks - before.ticks)
    if busy is None or wall <= 0:
        return None
    return min(max(busy - cpu / (wall * (os.cpu_count() or 1)), 0.0), 1.0)


def _steal(before: MachineState, after: MachineState) -> float | None:
    if before.ticks is None or after.ticks is None:
        return None
    return _share(before.stolen, after.stolen, after.ticks - before.ticks)
