"""How the commands of a probe share the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Event

from bisector.errors import HuntFileError
from bisector.hunt_file.model import Hunt

LAST = 19
"""The niceness of work that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Scheduling:
    """CPUs for tests and for builds (empty: all), and the niceness of builds.

    Setting `stop` abandons running commands (`GivenUp`).
    """

    tests: frozenset[int] = frozenset()
    builds: frozenset[int] = frozenset()
    nice: int = 0
    stop: Event = field(default_factory=Event)


def cpus_of(hunt: Hunt) -> frozenset[int]:
    """The CPUs that tests are pinned to; empty for all. Raises `HuntFileError` if one is not available."""
    there = os.sched_getaffinity(0)
    if missing := sorted(set(hunt.measure.cpus) - there):
        raise HuntFileError(
            f"{hunt.locate('measure', 'cpus')}: measure.cpus: CPU {missing[0]} is not available to bisector; "
            f"available: {', '.join(map(str, sorted(there)))}"
        )
    return frozenset(hunt.measure.cpus)
