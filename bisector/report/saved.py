"""What ending runs early has saved, reckoned from runs that were not; and what building ahead has cost."""

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
    """Seconds of wall time that so many runs would have gone on for; with `at_most` only a bound of that."""

    seconds: float
    runs: int
    at_most: bool

    def __str__(self) -> str:
        sort = "at most" if self.at_most else "about"
        return f"{sort} {findings.duration(self.seconds)}, {findings.counted(self.runs, 'run')} ended early"


def saved(record: HuntRecord) -> Saved | None:
    """Over all runs of the hunt, None where each came to its end.

    Without its early end a run is taken to last as long as whole runs of the endpoint on its side, at the
    median; where there are none, up to the hunt's timeout.
    """
    early = [r for r in record.readings if r.run is not None and r.run.ending in EARLY]
    if not early:
        return None
    good = _median(_whole_runs(record, {commit.id for commit in record.good}))
    bad = _median(_whole_runs(record, {record.bad.id}))
    seconds, at_most = 0.0, False
    for reading in early:
        whole = good if isinstance(reading.judgement, Good) else bad
        at_most |= whole is None
        known = record.timeout or 0.0 if whole is None else whole
        seconds += max(known - (reading.run.wall if reading.run else 0.0), 0.0)
    return Saved(seconds, len(early), at_most)


def _whole_runs(record: HuntRecord, commits: set[str]) -> Iterator[Run]:
    for reading in record.readings:
        for commit, run in ((reading.commit, reading.run), (reading.against, reading.reference)):
            if commit in commits and run is not None and run.ending not in EARLY:
                yield run


def _median(runs: Iterator[Run]) -> float | None:
    walls = [run.wall for run in runs]
    return statistics.median(walls) if walls else None


def ahead(record: HuntRecord) -> str:
    """How many builds were prefetched, and how many of them were never used."""
    built = record.ahead
    if not built:
        return ""
    told = f"{findings.counted(built.builds, 'build')} prefetched ({findings.duration(built.seconds)})"
    return f"{told}, {built.unused} unused" if built.unused else told
