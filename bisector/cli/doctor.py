"""`bisector doctor`: prints the capabilities of this machine as a table."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bisector.cli.objects import print_object
from bisector.cli.options import Chosen
from bisector.errors import EnvironmentFault, ExitCode, HistoryError
from bisector.hunt.scratch import default_scratch
from bisector.probe.ability import Ability, State, abilities
from bisector.report.safe_text import visible

_STYLES = {State.THERE: "green", State.LIMITED: "yellow", State.ABSENT: "yellow", State.STOPS: "bold red"}


def examine(chosen: Chosen, *, as_json: bool, as_report: bool) -> int:
    """Print the capabilities; returns 0 if a hunt can run, else 6."""
    if chosen.is_empty:
        scratch = _scratch()
        found = abilities(scratch, os.environ)
    else:
        ground = chosen.ground()
        scratch = ground.scratch.root
        found = abilities(scratch, os.environ, ground.hunt)
    stops = [one for one in found if one.state is State.STOPS]
    if as_json:
        rows = [{**asdict(one), "state": one.state.name.lower()} for one in found]
        print_object("doctor", {"can_run": not stops, "abilities": rows})
    elif as_report:
        from bisector.cli.doctor_report import report

        sys.stdout.write(f"{report(found, scratch)}\n")
    else:
        _show(found, stops)
    return int(ExitCode.ENVIRONMENT if stops else ExitCode.FIRST_BAD)


def _scratch() -> Path:
    """The scratch folder of a hunt in this folder; outside a repository this folder itself."""
    try:
        return default_scratch(Path.cwd(), os.environ).root
    except (HistoryError, EnvironmentFault):
        return Path.cwd()


def _show(found: list[Ability], stops: list[Ability]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "there", "found", "for a hunt"):
        table.add_column(heading, no_wrap=heading == "")
    for one in found:
        state = Text(one.state.value, style=_STYLES[one.state])
        table.add_row(Text(one.name, style="bold"), state, Text(visible(one.found)), Text(visible(one.means)))
        if one.mend:
            table.add_row("", "", "", Text(f"fix: {visible(one.mend)}", style="cyan"))
    console.print(table)
    answer = "a hunt can run here"
    if stops:
        answer = f"no hunt can run here: {', '.join(one.name for one in stops)}"
    console.print(Text(f"\n{answer}", style="bold red" if stops else "bold green"), soft_wrap=True)
