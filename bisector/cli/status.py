"""`bisector status`: the hunts in a journal; needs nothing that searches or writes reports."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector.cli.options import Chosen
from bisector.errors import HistoryError
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.scratch import Scratch, default_scratch


def show_status(chosen: Chosen, *, as_json: bool) -> None:
    """The hunts in the journal, newest first."""
    journal = journal_in(chosen_scratch(chosen))
    rows = [_status_of(journal, row) for row in journal.hunts()]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("hunt", "started", "readings", "commits read", "state"):
        table.add_column(heading)
    for row in rows:
        started = datetime.fromisoformat(str(row["started"])).astimezone()
        table.add_row(
            *(Text(str(row["hunt"])), f"{started:%Y-%m-%d %H:%M}"),
            *(str(row["readings"]), str(row["commits"]), Text(str(row["state"]))),
        )
    Console(highlight=False).print(table)


def chosen_scratch(chosen: Chosen) -> Scratch:
    """The scratch folder of the chosen hunt; without one, that of this folder."""
    if set(chosen.values) == {"scratch"} and chosen.config is None:
        return Scratch(Path(str(chosen.values["scratch"])).resolve())
    return default_scratch(Path.cwd(), os.environ) if chosen.is_empty else chosen.ground().scratch


def journal_in(scratch: Scratch) -> Journal:
    """The journal of a scratch folder; HistoryError where no hunt has begun."""
    if not scratch.journal.exists():
        raise HistoryError(
            f"no hunt has begun in {scratch.root}; start one with `bisector run`, or name --config"
        )
    return Journal(scratch.journal)


def _status_of(journal: Journal, row: HuntRow) -> dict[str, Any]:
    readings = journal.readings(row.id)
    state = row.conclusion.name if row.conclusion else "stopped, or running"
    return {
        "hunt": row.name,
        "started": row.started.isoformat(),
        "finished": row.finished.isoformat() if row.finished else None,
        "readings": len(readings),
        "commits": len({reading.commit for reading in readings}),
        "state": state,
    }
