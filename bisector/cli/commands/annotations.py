"""Options that several commands share, with the same name and help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Configs = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        "-c",
        help="Hunt file of a test suite: a path, or the name of one in configs/. Repeatable.",
    ),
]
Guests = Annotated[
    str | None,
    typer.Option(
        help="Hunt files by name, such as tcl,lua, or `all`: those beside the first --config, or in configs/."
    ),
]
Repo = Annotated[str | None, typer.Option(help="Path of the git repository for all these hunts.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set any key of these hunt files. Repeatable."),
]
Again = Annotated[
    bool, typer.Option("--again", help="Measure again, even if the last measurement is less than a day old.")
]
Markdown = Annotated[
    Path | None,
    typer.Option(
        "--md", help="Also write the result as Markdown to this file. `-` prints only the Markdown."
    ),
]
Quietly = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbosely = Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")]
Serve = Annotated[
    bool, typer.Option("--serve", help="Serve the page on 127.0.0.1, only this report and its logs.")
]
Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port for --serve (default: a free one).", show_default=False),
]
Restart = Annotated[
    bool, typer.Option("--restart", help="Discard the earlier readings of this hunt and start again.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end, and nothing else.")]
Here = Annotated[
    bool,
    typer.Option(
        "--here",
        help="If an endpoint is not as you said, also run its test once in your own checkout, and compare. "
        "What the test writes there stays.",
    ),
]


def verbosity_of(quiet: bool, verbose: bool) -> int:
    """How much the screen shows: 0 the result, 1 each reading, 2 also builds and runs."""
    return 0 if quiet else 1 + verbose
