"""The time saved by stopping runs early, estimated from full runs, and the cost of prefetched builds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bisector.hunt.record import HuntRecord
from bisector.predicate import Ending, Good, Run
from bisector.report import findings

EARLY = frozenset({Ending.JUDGED, Ending.MEMORY_LIMIT})


@dataclass(frozen=True, slots=True)
class Saved:
    """Estimated seconds of wall time that these runs would have continued."""

    seconds: float
    runs: int

    def __str__(self) -> str:
        return f"about {findings.duration(self.seconds)}, {findings.counted(self.runs, 'run')} stopped early"


def saved(record: HuntRecord) -> Saved | None:
    """The saving over all runs of the hunt that were stopped early; None without any.

    The estimate for a full run is the median of full runs of the endpoint on its side. Without any, nobody
    knows how long the run would have continued, and it does not count.
    """
    whole = {
        True: _median(_whole_runs(record, {commit.id for commit in record.good})),
        False: _median(_whole_runs(record, {record.bad.id})),
    }
    left = [
        max(full - reading.run.wall, 0.0)
        for reading in record.readings
        if reading.run is not None
        and reading.run.ending in EARLY
        and (full := whole[isinstance(reading.judgement, Good)]) is not None
    ]
    return Saved(sum(left), len(left)) if left else None


def _whole_runs(record: HuntRecord, commits: set[str]) -> Iterator[Run]:
    for reading in record.readings:
        for commit, run in ((reading.commit, reading.run), (reading.against, reading.reference)):
            if commit in commits and run is not None and run.ending not in EARLY:
                yield run


def _median(runs: Iterator[Run]) -> float | None:
    walls = [run.wall for run in runs]
    return statistics.median(walls) if walls else None


def ahead(record: HuntRecord) -> str:
    """The number of prefetched builds, and of those that were never used."""
    built = record.ahead
    if not built:
        return ""
    text = f"{findings.counted(built.builds, 'build')} prefetched ({findings.duration(built.seconds)})"
    return f"{text}, {built.unused} unused" if built.unused else text
