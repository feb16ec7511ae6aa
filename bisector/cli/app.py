"""The command line: `bisector` and its commands, in the order of `--help`."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer
from typer.main import get_command_name
from typer.models import CommandInfo, TyperInfo

from bisector.cli.commands import hunting, looking, phases, starting

_HELP = ("-h", "--help")
_LISTING = (*_HELP, "--version")
_PARTS = (starting.app, hunting.app, phases.app, looking.app)


def _version(wanted: bool) -> None:
    if wanted:
        from bisector import __version__

        typer.echo(f"bisector {__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _without_commands() -> typer.Typer:
    empty = typer.Typer(
        help="Find the commit that introduced a regression, even on a busy machine.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": list(_HELP)},
    )
    empty.callback()(_top)
    return empty


app = _without_commands()
for part in _PARTS:
    app.add_typer(part)


def app_for(word: str = "") -> typer.Typer:
    """The part of `app` that a command line starting with `word` needs.

    Typer processes all parameters of all its commands, which takes longer than a command itself.
    """
    if word in _LISTING:
        return _list()
    one = _without_commands()
    for part in _PARTS:
        one.registered_commands += [info for info in part.registered_commands if _name(info) == word]
        one.registered_groups += [info for info in part.registered_groups if _name(info) == word]
    return one if one.registered_commands or one.registered_groups else app


def _list() -> typer.Typer:
    """The commands for `--help`, with names and help texts only."""
    listed = _without_commands()
    for part in _PARTS:
        short = typer.Typer()
        for info in part.registered_commands:
            text = info.help or inspect.getdoc(info.callback)
            short.command(_name(info), help=text, rich_help_panel=info.rich_help_panel)(_nothing)
        short.registered_groups = part.registered_groups
        listed.add_typer(short)
    return listed


def _nothing() -> None:
    pass


def _name(info: CommandInfo | TyperInfo) -> str:
    if info.name or not info.callback:
        return str(info.name)
    return get_command_name(info.callback.__name__)
