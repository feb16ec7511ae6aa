"""The command line: what `bisector` is, and its commands in the order in which help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from bisector import __version__
from bisector.cli.commands import hunting, looking, phases, starting

app = typer.Typer(
    help="Hunts regressions through git history, on machines that are never quiet.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (starting, hunting, phases, looking):
    app.add_typer(commands.app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bisector {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
