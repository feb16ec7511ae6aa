"""Options that several commands have, each under one name with one text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Configs = Annotated[
    list[str] | None,
    typer.Option("--config", "-c", help="Hunt file of a guest: a path, or a name in configs/; repeat it."),
]
Guests = Annotated[
    str | None,
    typer.Option(help="`all` hunt files beside the first --config (or in configs/), or names: tcl,lua."),
]
Repo = Annotated[str | None, typer.Option(help="The git repository, for all of these hunts.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any key of these hunt files, dotted.")
]
Again = Annotated[bool, typer.Option("--again", help="Measure anew what was measured within the last day.")]
Markdown = Annotated[
    Path | None, typer.Option("--md", help="Write the Markdown to this file too; `-` prints nothing else.")
]
Quietly = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbosely = Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end, and nothing else.")]
