"""The plan file: one entry for each conclusion and result in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bisector import hunt_file
from bisector.errors import UsageError
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground, opened
from bisector.hunt.journal import HuntRow, Journal, ResultRow
from bisector.hunt.scratch import Scratch
from bisector.hunt.session import Session
from bisector.report.progress_log import Entry, entry_for, write_entry
from bisector.report.safe_text import markdown


@dataclass(frozen=True, slots=True)
class Written:
    """Titles of the entries written to a plan file, oldest first, and the number of those already there."""

    titles: Sequence[str]
    known: int


def write_plan(
    file: Path, heading: str, scratches: Sequence[Scratch], environment: Mapping[str, str]
) -> Written:
    """Write all conclusions and results of these scratch folders under `heading`, newest first.

    Skips entries that are already there, and leaves all other bytes unchanged. Raises `UsageError` if the
    journals have nothing to write, and what `write_entry` raises.
    """
    dated = [entry for scratch in scratches for entry in _entries(scratch, environment)]
    if not dated:
        where = ", ".join(str(scratch.root) for scratch in scratches)
        raise UsageError(f"there is nothing to write yet in {where}; start with `bisector quantify` or `run`")
    new = [entry for _, entry in sorted(dated, key=lambda one: one[0]) if write_entry(file, heading, entry)]
    return Written([entry.title for entry in new], len(dated) - len(new))


def _entries(scratch: Scratch, environment: Mapping[str, str]) -> Iterator[tuple[datetime, Entry]]:
    if not scratch.journal.exists():
        return
    with opened(scratch) as journal:
        for row in journal.hunts():
            if row.conclusion is not None and row.finished is not None and not row.within:
                yield from _of_hunt(journal, row, scratch, environment)
        for result in _newest_of_each_day(journal.results()):
            yield result.at, entry_of(result)


def _of_hunt(
    journal: Journal, row: HuntRow, scratch: Scratch, environment: Mapping[str, str]
) -> Iterator[tuple[datetime, Entry]]:
    """The entry that `run` writes to a progress log, dated by the end of the hunt."""
    ground = Ground(hunt_file.build(row.document, Path.cwd(), None), None, environment)
    session: Session = session_on(ground, lambda event: None)
    if session.key == row.key and row.finished is not None:
        report = scratch.reports / f"{row.name}-{session.key[:8]}.html"
        record = session.record(journal)
        yield row.finished, entry_for(record, report if report.exists() else None, _day(row.finished))


def entry_of(result: ResultRow) -> Entry:
    """A phase's result as an entry; equal results have equal keys."""
    title = f"{_day(result.at).isoformat()} — {markdown(str(result.document['title']))}"
    body = str(result.document["markdown"])
    digest = hashlib.sha256("\0".join((result.phase, result.key, body)).encode()).hexdigest()
    return Entry(f"{result.phase} {digest[:16]}", title, body=body)


def _newest_of_each_day(results: Sequence[ResultRow]) -> list[ResultRow]:
    """The last failure and the last success of each phase per day.

    Rows without a title are a phase's own data, not results.
    """
    titled = (result for result in results if "title" in result.document)
    newest = {(r.phase, r.key, _day(r.at), r.document.get("exit_code")): r for r in titled}
    return sorted(newest.values(), key=lambda result: result.at)


def _day(at: datetime) -> date:
    return at.astimezone().date()
