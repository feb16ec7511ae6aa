"""`bisector plan`: writes conclusions and results from the journal to a plan file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli.guests import grounds_of
from bisector.cli.objects import print_object
from bisector.hunt.scratch import default_scratch
from bisector.phases.plan_file import write_plan
from bisector.report.findings import counted


def write_plan_file(
    file: Path, heading: str, configs: Sequence[str], guests: str | None, *, as_json: bool
) -> None:
    """Write the entries from the journals of the chosen hunts, or of this folder."""
    if configs or guests:
        found = {ground.scratch.root: ground.scratch for ground in grounds_of(configs, guests)}
        scratches = list(found.values())
    else:
        scratches = [default_scratch(Path.cwd(), os.environ)]
    written = write_plan(file, heading, scratches, os.environ)
    if as_json:
        document = {"file": str(file), "written": list(written.titles), "known": written.known}
        print_object("plan", document)
        return
    console = Console(highlight=False)
    for title in written.titles:
        console.print(Text(f"+ {title}"), soft_wrap=True)
    entries = f"{len(written.titles)} new {'entry' if len(written.titles) == 1 else 'entries'}"
    console.print(
        Text(f"{file}: {entries} under '{heading}', {counted(written.known, 'other')} already there"),
        soft_wrap=True,
    )
