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
    """List the hunts in the journal: running, stopped or finished.

    Examples: [bold]bisector status[/bold], [bold]bisector status --config tcl.yaml --json[/bold]
    """
    from bisector.cli.status import show_status

    show_status(chosen, as_json=as_json)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def explain(chosen: Chosen, as_json: Json = False, md: Markdown = None) -> int:
    """Explain why each commit was tested (default: the newest hunt). Runs no test.

    Examples: [bold]bisector explain[/bold], [bold]bisector explain --config tcl.yaml --md why.md[/bold]
    """
    from bisector.cli.explain import explain_hunt

    return explain_hunt(chosen, as_json=as_json, md=md)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def log(chosen: Chosen) -> None:
    """Print a hunt as a log for `git bisect replay` (default: the newest hunt).

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
    chat: Annotated[bool, typer.Option("--chat", help="Print a summary in one paragraph.")] = False,
) -> None:
    """Write reports of a hunt (default: the newest hunt). Without an option, print the Markdown report.

    Example: [bold]bisector report --config tcl.yaml --html tcl.html[/bold]
    """
    from bisector.cli.looking import write_reports

    write_reports(chosen, html=html, md=md, chat=chat)


@app.command(rich_help_panel="More")
def predicates(
    name: Annotated[
        str | None, typer.Argument(help="Show only this predicate.", autocompletion=completion.predicates)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the predicates and their options.

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
    everything: Annotated[
        bool, typer.Option("--all", help="Also remove the journal and the reports.")
    ] = False,
) -> None:
    """Remove built artefacts, logs, and whatever a killed hunt left behind.

    If a hunt is running, its slots and logs stay, and so do the built artefacts, reports and journal.

    Examples: [bold]bisector clean[/bold], with journal and reports [bold]bisector clean --all[/bold]
    """
    from bisector.cli.looking import clean_scratch

    clean_scratch(chosen, everything=everything)
