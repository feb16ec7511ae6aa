"""Where the journal keeps what the hunts for further steps read: a hunt of its own beside the first one."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bisector.hunt.conclusion import Steps
from bisector.hunt.journal import Journal
from bisector.hunt.record import HuntRecord


def key_of_steps(key: str) -> str:
    """The key of that hunt, for the key of the first one."""
    return hashlib.sha256(f"{key} every step".encode()).hexdigest()[:40]


def with_steps(record: HuntRecord, journal: Journal, key: str) -> HuntRecord:
    """The record with all steps and their readings, if those are found."""
    row = journal.find(key_of_steps(key))
    if row is None or not isinstance(row.conclusion, Steps):
        return record
    readings = sorted((*record.readings, *journal.readings(row.id)), key=lambda reading: reading.at)
    commits = {reading.commit for reading in readings}
    if not commits <= record.commits.keys():
        return record
    return replace(record, conclusion=row.conclusion, readings=readings, finished=row.finished)
