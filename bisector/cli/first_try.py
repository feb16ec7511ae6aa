"""Shows why a hunt could not begin, and offers to add what is missing."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector import hunt_file
from bisector.cli.again import with_setting
from bisector.cli.options import Chosen
from bisector.errors import BisectorError
from bisector.hunt.advice import Advice, Excerpt, HereRun, extended
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord
from bisector.report.safe_text import visible
from bisector.terms import Terms

_MOST_LEFT = 10
"""Names of files that a run in the user's checkout left, on the screen."""


def show(console: Console, record: HuntRecord, chosen: Chosen) -> None:
    """Print what the endpoints printed last, and what to do.

    Without an answer, also what the untestable commits printed.
    """
    ends = [excerpt for excerpt in record.excerpts if excerpt.end]
    if len({(one.why, one.lines) for one in ends}) == 1:
        _show_excerpts(console, ends, record.terms)
    else:
        for excerpt in ends:
            _show_excerpts(console, [excerpt], record.terms)
    if not isinstance(record.conclusion, FirstBad):
        for excerpt in record.excerpts:
            if not excerpt.end:
                _show_excerpts(console, [excerpt], record.terms)
    if record.here is not None:
        _show_here(console, record.here, record.terms)
    for advice in record.advice:
        console.print(Text(visible(advice.why), style="bold yellow"), soft_wrap=True)
        for how in what_to_do(advice, chosen):
            console.print(Text(f"  {visible(how)}"), soft_wrap=True)


def what_to_do(advice: Advice, chosen: Chosen) -> list[str]:
    """What to add or to run, one line each."""
    lines = [advice.command] if advice.command else []
    if advice.key and not lines:
        lines.append(f"add to {chosen.config or 'the hunt file'}:  {advice.written}")
    return lines


def offer(console: Console, record: HuntRecord, chosen: Chosen) -> Chosen | None:
    """On a terminal, offer to add what is missing; the hunt to go on with, None if there is none.

    Into a hunt file, the setting is written. Without one, it becomes an option of this start.
    """
    advice = next((one for one in record.advice if one.key), None)
    if advice is None or not (console.is_terminal and sys.stdin.isatty()):
        return None
    if chosen.values.get(advice.key) == advice.value:
        return None  # It was added, and did not help.
    file = hunt_file.find(chosen.config, Path.cwd()) if chosen.config else None
    if file and file.parent in hunt_file.shipped():
        return None
    where = f" to {chosen.config}" if chosen.config else ""
    try:
        wanted = typer.confirm(f"Add `{advice.written}`{where} and go on?", default=True)
    except typer.Abort:
        return None
    if not wanted:
        return None
    if file is None:
        return with_setting(chosen, advice)
    return chosen if _write(console, file, advice) else None


def _write(console: Console, path: Path, advice: Advice) -> bool:
    from bisector.phases.hunt_file_text import data_of, read_text, write_value

    section, _, name = advice.key.partition(".")
    before = data_of(read_text(path)).get(section)
    if name:
        own = before if isinstance(before, dict) else {}
        whole: object = {**own, name: extended(own.get(name), advice.added)}
    else:
        whole = extended(before, advice.added)
    try:
        return write_value(path, section, whole)
    except BisectorError as error:
        console.print(Text(visible(str(error)), style="yellow"), soft_wrap=True)
        return False


def _show_excerpts(console: Console, alike: Sequence[Excerpt], terms: Terms) -> None:
    """Print the excerpt that these endpoints have in common."""
    ends = " and ".join(f"{_end(one, terms) or 'untestable'} {one.commit[:12]}" for one in alike)
    first = alike[0]
    console.print(Text(f"\n{ends}: {visible(first.why)}", style="bold"), soft_wrap=True)
    for line in first.lines:
        console.print(Text.assemble(("  │ ", "dim"), visible(line)), soft_wrap=True)
    if not first.lines:
        console.print(Text("  it printed nothing", style="dim"))
    elif first.log:
        console.print(Text(f"  log: {visible(shlex.quote(str(first.log)))}", style="dim"), soft_wrap=True)


def _end(one: Excerpt, terms: Terms) -> str:
    """The endpoint in the words of the hunt; empty for an untestable commit."""
    return terms.words.get(one.end, one.end)


def _show_here(console: Console, here: HereRun, terms: Terms) -> None:
    """Print the run in the user's checkout beside that in a slot."""
    slot = here.slot
    there = f"exit code {here.slot_exit_code}" if here.slot_exit_code is not None else slot.why
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(visible(f"your checkout: {here.ended}")), overflow="fold", ratio=1)
    table.add_column(
        Text(visible(f"slot, {_end(slot, terms)} {slot.commit[:12]}: {there}")), overflow="fold", ratio=1
    )
    for mine, its in zip_longest(here.lines, slot.lines, fillvalue=""):
        table.add_row(Text(visible(mine)), Text(visible(its)))
    if not here.lines and not slot.lines:
        table.add_row(*[Text("it printed nothing", style="dim")] * 2)
    console.print()
    console.print(table)
    for sentence in here.differs:
        console.print(Text(visible(sentence), style="bold"), soft_wrap=True)
    if here.left:
        names = ", ".join(here.left[:_MOST_LEFT]) + (", ..." if len(here.left) > _MOST_LEFT else "")
        console.print(Text(visible(f"new or changed in your checkout since: {names}")), soft_wrap=True)
    console.print(Text(f"  log: {visible(shlex.quote(str(here.log)))}", style="dim"), soft_wrap=True)
