"""`bisector status`: lists the hunts in a journal; imports neither the search nor the reports."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector.cli.objects import print_object
from bisector.cli.options import Chosen
from bisector.errors import HistoryError
from bisector.hunt.conclusion import name_of
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.scratch import Scratch, default_scratch
from bisector.report.safe_text import visible

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_INSIDE = "└ "
"""The mark of a hunt on the way down from the answer of the one above it."""
_SHORT = 7
"""Digits of a commit's id."""


def show_status(chosen: Chosen, *, as_json: bool) -> None:
    """Print the hunts in the journal, newest first."""
    scratch = chosen_scratch(chosen)
    journal = journal_in(scratch)
    name = name_in(chosen)
    hunts = [row for row in _as_tree(journal.hunts()) if name in (None, row.name)]
    rows = [_status_of(journal, row, running=scratch.is_running(row.key)) for row in hunts]
    if as_json:
        print_object("status", {"hunts": rows})
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("hunt", "range", "started", "readings", "commits read", "state"):
        table.add_column(heading, no_wrap=heading in ("range", "started"))
    for row in rows:
        started = datetime.fromisoformat(str(row["started"])).astimezone()
        table.add_row(
            *(
                Text(f"{_INSIDE if row['within'] else ''}{row['hunt']}"),
                _range(row),
                f"{started:%Y-%m-%d %H:%M}",
            ),
            *(str(row["readings"]), str(row["commits"]), Text(str(row["state"]))),
        )
    Console(highlight=False).print(table)


def _as_tree(rows: Sequence[HuntRow]) -> list[HuntRow]:
    """The hunts with those on the way down from an answer after its hunt, oldest first."""
    known = {row.key for row in rows}
    tops = [row for row in rows if row.within not in known]
    return [one for top in tops for one in (top, *(row for row in reversed(rows) if row.within == top.key))]


def chosen_scratch(chosen: Chosen) -> Scratch:
    """The scratch folder of the chosen hunt (default: that of this folder, or of `--repo`)."""
    if not names_only_a_place(chosen):
        return chosen.ground().scratch
    if "scratch" in chosen.values:
        return Scratch(Path(str(chosen.values["scratch"])).resolve())
    if chosen.found:
        place = {key: value for key, value in chosen.values.items() if key != "hunt"}
        return replace(chosen, values=place).ground().scratch
    return default_scratch(Path(str(chosen.values.get("repository", "."))).resolve(), os.environ)


def names_only_a_place(chosen: Chosen) -> bool:
    """Whether the user described no hunt: at most a scratch folder, a repository, or a hunt by its name."""
    places = {"scratch", "repository", "hunt"}
    return (chosen.config is None or chosen.found) and chosen.values.keys() <= places


def name_in(chosen: Chosen) -> str | None:
    """The name of a hunt as the user gave it with --name; None without one."""
    return str(chosen.values["hunt"]) if "hunt" in chosen.values else None


def journal_in(scratch: Scratch) -> Journal:
    """The journal of a scratch folder; raises HistoryError if it has no hunt."""
    if not scratch.journal.exists():
        raise HistoryError(
            f"there is no hunt in {scratch.root}; start one with `bisector run` or name one with --config"
        )
    return Journal(scratch.journal)


def _status_of(journal: Journal, row: HuntRow, *, running: bool) -> dict[str, Any]:
    readings = journal.readings(row.id)
    ended = name_of(row.conclusion, fix=row.document.get("find") == "fix") if row.conclusion else "stopped"
    state = "running" if running else ended
    return {
        "hunt": row.name,
        "good": row.document.get("good"),
        "bad": row.document.get("bad"),
        "started": row.started.isoformat(),
        "finished": row.finished.isoformat() if row.finished else None,
        "readings": len(readings),
        "commits": len({reading.commit for reading in readings}),
        "state": state,
        "key": row.key,
        "within": row.within or None,
    }


def _range(row: dict[str, Any]) -> Text:
    """Good and bad, by which hunts of the same name are told apart."""
    good, bad = row["good"], str(row["bad"] or "")
    first = str(good[0]) if isinstance(good, list) and good else str(good or "")
    return Text(visible(f"{_short(first)}..{_short(bad)}"))


def _short(revision: str) -> str:
    return revision[:_SHORT] if _ID.fullmatch(revision) else revision
