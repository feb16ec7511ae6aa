"""What a hunt saw, and what bisector has; nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector.cli import completion
from bisector.cli.commands.annotations import Json, Markdown
from bisector.cli.options import Chosen, takes_hunt

app = typer.Typer()


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def status(chosen: Chosen, as_json: Json = False) -> None:
    """Show the hunts in the journal: running, stopped or over.

    Examples: [bold]bisector status[/bold], [bold]bisector status --config tcl.yaml --json[/bold]
    """
    from bisector.cli.status import show_status

    show_status(chosen, as_json=as_json)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def explain(chosen: Chosen, as_json: Json = False, md: Markdown = None) -> int:
    """Tell why each commit was tested, in plain words (default: the newest hunt); nothing is run.

    Examples: [bold]bisector explain[/bold], [bold]bisector explain --config tcl.yaml --md why.md[/bold]
    """
    from bisector.cli.explain import explain_hunt

    return explain_hunt(chosen, as_json=as_json, md=md)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def log(chosen: Chosen) -> None:
    """Print a hunt as a git bisect log, replayable by `git bisect replay` (default: the newest hunt).

    Example: [bold]bisector log --config tcl.yaml[/bold]
    """
    from bisector.cli.looking import show_log

    show_log(chosen)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def report(
    chosen: Chosen,
    html: Annotated[Path | None, typer.Option(help="Write the HTML report to this file.")] = None,
    md: Annotated[Path | None, typer.Option(help="Write the Markdown report to this file.")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Print the answer in one paragraph.")] = False,
) -> None:
    """Write the reports of a hunt (default: the newest); without a file, print the Markdown one.

    Example: [bold]bisector report --config tcl.yaml --html tcl.html[/bold]
    """
    from bisector.cli.looking import write_reports

    write_reports(chosen, html=html, md=md, chat=chat)


@app.command(rich_help_panel="More")
def predicates(
    name: Annotated[
        str | None, typer.Argument(help="Only this one.", autocompletion=completion.predicates)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the predicates with their options.

    Examples: [bold]bisector predicates[/bold], [bold]bisector predicates wall_time[/bold]
    """
    from bisector.cli.listing import show_predicates

    show_predicates(name, as_json=as_json)


@app.command(rich_help_panel="More")
def schema() -> None:
    """Print the JSON Schema of hunt files, for editors.

    Example: [bold]bisector schema[/bold]
    """
    import json

    from bisector.hunt_file import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@app.command(rich_help_panel="More")
@takes_hunt
def clean(
    chosen: Chosen,
    everything: Annotated[bool, typer.Option("--all", help="The journal and the reports too.")] = False,
) -> None:
    """Remove what hunts keep between runs: built artefacts, logs, and what a killed hunt left behind.

    What a running hunt uses stays: its slots and logs, and the built artefacts, reports and journal.

    Examples: [bold]bisector clean[/bold], with journal and reports [bold]bisector clean --all[/bold]
    """
    from bisector.cli.looking import clean_scratch

    clean_scratch(chosen, everything=everything)
