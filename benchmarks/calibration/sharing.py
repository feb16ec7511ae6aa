"""The cases, divided between processes, a few hunts at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import get_context

from benchmarks.calibration import broken, models
from benchmarks.calibration.hunts import Stage, Tally, hunts
from benchmarks.calibration.tables import Results

PORTION = 20
"""Hunts that a process takes at a time."""
LOWEST = 19
"""Niceness of the processes."""
HOLDING, BROKEN = tuple(models.cases()), tuple(broken.cases())
CASES = HOLDING + BROKEN


def portions(of_model: int, of_misfit: int, only: str) -> Iterator[tuple[int, range]]:
    """The portions: case and seeds. `of_model` hunts are divided between the cases of a noise model."""
    for at, case in enumerate(CASES):
        if only.lower() not in case.name.lower():
            continue
        cases_of_group = sum(other.group == case.group for other in HOLDING)
        count = of_misfit if case in BROKEN else -(-of_model // cases_of_group)
        for start in range(0, count, PORTION):
            yield at, range(start, min(start + PORTION, count))


def work(portion: tuple[int, range]) -> tuple[int, dict[Stage, Tally]]:
    """One portion, in one process."""
    at, seeds = portion
    return at, hunts(CASES[at], seeds)


def measure(shares: list[tuple[int, range]], jobs: int) -> Results:
    """All hunts, in the order of the cases."""
    found: dict[int, dict[Stage, Tally]] = {}
    with get_context("spawn").Pool(jobs, initializer=os.nice, initargs=(LOWEST,)) as pool:
        for at, tallies in pool.imap_unordered(work, shares):
            before = found.get(at)
            found[at] = {s: before[s].join(t) for s, t in tallies.items()} if before else tallies
    return {CASES[at]: found[at] for at in sorted(found)}
