"""Where the journal keeps what the hunts for further steps read: a hunt of its own beside the first one."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bisector.hunt.conclusion import Steps
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.record import HuntRecord


def key_of_steps(key: str) -> str:
    """The key of that hunt, for the key of the first one."""
    return hashlib.sha256(f"{key} every step".encode()).hexdigest()[:40]


def is_current(steps: HuntRow, first: HuntRow | None) -> bool:
    """Whether the hunts for further steps ended after the first one, on which they rest."""
    if first is None or first.finished is None or steps.finished is None:
        return False
    return steps.finished >= first.finished


def are_under_way(journal: Journal, key: str) -> bool:
    """Whether an earlier start was stopped while it looked for further steps."""
    row = journal.find(key_of_steps(key))
    return row is not None and row.conclusion is None and bool(journal.readings(row.id))


def with_steps(record: HuntRecord, journal: Journal, key: str) -> HuntRecord:
    """The record with all steps and their readings, if those are found."""
    row = journal.find(key_of_steps(key))
    if row is None or not isinstance(row.conclusion, Steps) or not is_current(row, journal.find(key)):
        return record
    # In this order, so that their numbers are those of `bisector forget`.
    readings = (*record.readings, *journal.readings(row.id))
    commits = {reading.commit for reading in readings}
    if not commits <= record.commits.keys():
        return record
    return replace(record, conclusion=row.conclusion, readings=readings, finished=row.finished)
