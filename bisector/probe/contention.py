"""What else the machine was doing while a test ran."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from bisector.predicate import Contention


@dataclass(frozen=True, slots=True)
class MachineState:
    """Counters of the whole machine since it started; None where the kernel does not keep them."""

    stalled: float | None
    """Seconds in which some task waited for a CPU (pressure stall information)."""
    stolen: float | None
    """Clock ticks taken by the hypervisor, and `ticks` in all (proc(5), `/proc/stat`)."""
    ticks: float | None


def machine_state() -> MachineState:
    """Read the counters now."""
    return MachineState(_stalled(), *_ticks())


def _stalled() -> float | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/pressure/cpu").read_text().splitlines():
            if line.startswith("some"):
                return int(line.rpartition("total=")[2]) / 1e6
    return None


def _ticks() -> tuple[float | None, float | None]:
    """Steal and total of the first line; guest time is contained in user time and not added again."""
    with contextlib.suppress(OSError):
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        if len(fields) == 8:
            return fields[7], sum(fields)
    return None, None


def contention_between(
    before: MachineState, after: MachineState, wall: float, cpu: float, switches: int | None
) -> Contention:
    """What happened between two states; `cpu` is the test's own user + system seconds."""
    return Contention(
        load=os.getloadavg()[0],
        pressure=_share(before.stalled, after.stalled, wall),
        steal=_steal(before, after),
        involuntary_switches=switches,
        cpu_share=cpu / wall if wall > 0 else None,
    )


def _share(before: float | None, after: float | None, whole: float) -> float | None:
    if before is None or after is None or whole <= 0:
        return None
    return min(max((after - before) / whole, 0.0), 1.0)


def _steal(before: MachineState, after: MachineState) -> float | None:
    if before.ticks is None or after.ticks is None:
        return None
    return _share(before.stolen, after.stolen, after.ticks - before.ticks)
