"""Prints a phase's result as tables, JSON or Markdown."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bisector.phases.result import Block, Bullets, Code, Paragraph, Result, Table
from bisector.report.atomic_write import atomic_write
from bisector.report.safe_text import visible, visible_lines
from bisector.report.versioned import versioned

STDOUT = Path("-")
_SHORT = 8
"""A heading up to this long stays on one line."""


def console_for(*, as_json: bool, md: Path | None) -> Console:
    """The console for progress: stderr if stdout is for JSON or Markdown."""
    return Console(stderr=as_json or md == STDOUT, highlight=False)


def publish(result: Result, console: Console, *, as_json: bool, md: Path | None) -> int:
    """Print a result in the requested format; returns its exit code.

    `md` is a file for an additional copy in Markdown; `-` prints Markdown instead of tables.
    """
    if md is not None and md != STDOUT:
        atomic_write(md, f"{result.markdown}\n".encode())
    if as_json:
        sys.stdout.write(json.dumps(versioned(result.phase, result.document), allow_nan=False) + "\n")
    elif md == STDOUT:
        sys.stdout.write(f"{result.markdown}\n")
    else:
        for block in result.blocks:
            console.print()
            console.print(_shown(block), soft_wrap=not isinstance(block, Table))
    return result.exit_code


def _shown(block: Block) -> RenderableType:
    match block:
        case Paragraph(text, strong):
            return Text(visible(text), style="bold" if strong else "")
        case Bullets(items):
            return Text("\n".join(f"- {visible(item)}" for item in items))
        case Code(text):
            return Text("\n".join(f"  {line}" for line in visible_lines(text).splitlines()))
        case Table():
            return _grid(block)


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    for at, heading in enumerate(table.head):
        figures = at in table.right
        widest = max((len(row[at]) for row in table.rows), default=0)
        # Never wrap figures; wrap a longer heading above them.
        wrapped = textwrap.wrap(visible(heading), max(widest, _SHORT), break_long_words=False)
        lines = wrapped if figures else []
        name = Text("\n".join(lines) or visible(heading))
        grid.add_column(name, justify="right" if figures else "left", no_wrap=figures)
    for row in table.rows:
        grid.add_row(*(Text(visible(cell)) for cell in row))
    return grid
