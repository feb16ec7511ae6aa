"""How the commands of a probe run beside others."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Event

from bisector.errors import HuntFileError
from bisector.hunt_file.model import Hunt

LAST = 19
"""The niceness of what nobody waits for."""


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How commands run beside others: tests on the CPUs `tests`, builds on `builds` (none: all) and `nice`.

    Once `stop` is set, what runs is given up (`GivenUp`).
    """

    tests: frozenset[int] = frozenset()
    builds: frozenset[int] = frozenset()
    nice: int = 0
    stop: Event = field(default_factory=Event)


def cpus_of(hunt: Hunt) -> frozenset[int]:
    """The CPUs that tests are kept to, none for all."""
    there = os.sched_getaffinity(0)
    if missing := sorted(set(hunt.measure.cpus) - there):
        raise HuntFileError(
            f"{hunt.locate('measure', 'cpus')}: measure.cpus: there is no CPU {missing[0]} for bisector; "
            f"there are {', '.join(map(str, sorted(there)))}"
        )
    return frozenset(hunt.measure.cpus)
