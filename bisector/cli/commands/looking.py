"""Commands that show hunts and predicates without running tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector.cli import completion
from bisector.cli.commands.annotations import Json, Markdown, Port, Serve
from bisector.cli.options import Chosen, takes_hunt
from bisector.errors import UsageError

app = typer.Typer()


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def status(
    chosen: Chosen,
    follow: Annotated[
        bool, typer.Option("--follow", help="Print each new reading of the running hunt until it ends.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the hunts in the journal: running, stopped or finished.

    Examples: [bold]bisector status[/bold], [bold]bisector status --config tcl.yaml --json[/bold],
    from another terminal [bold]bisector status --follow[/bold]
    """
    if follow and as_json:
        raise UsageError("--follow prints lines as they come; leave out --json, or --follow")
    if follow:
        import functools
        import time

        from bisector.cli.follow import follow_hunt

        follow_hunt(chosen, functools.partial(time.sleep, 1.0))
        return
    from bisector.cli.status import show_status

    show_status(chosen, as_json=as_json)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def watch(
    chosen: Chosen,
    hunt: Annotated[
        str | None, typer.Argument(help="Name of the hunt (default: the newest).", show_default=False)
    ] = None,
    serve: Serve = False,
    port: Port = None,
) -> int:
    """Keep a page of a hunt up to date that runs in another terminal, until it ends.

    Examples: [bold]bisector watch[/bold], to serve the page to a browser
    [bold]bisector watch tcl --serve[/bold]
    """
    from bisector.cli.live import Wanted
    from bisector.cli.watch import watch_hunt

    return watch_hunt(chosen, hunt, Wanted.of(page=True, serve=serve, port=port, notify=True))


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def explain(chosen: Chosen, as_json: Json = False, md: Markdown = None) -> int:
    """Explain why each commit was tested. Runs no test.

    Without a name, this is the hunt of hunt.yaml, or else the newest one. `--name NAME` alone means the
    newest hunt with that name in the journal, NAME~1 the one before it.

    Examples: [bold]bisector explain[/bold], [bold]bisector explain --config tcl.yaml --md why.md[/bold],
    an old hunt [bold]bisector explain --name tcl~1[/bold]
    """
    from bisector.cli.explain import explain_hunt

    return explain_hunt(chosen, as_json=as_json, md=md)


@app.command(rich_help_panel="Look at a hunt")
def compare(
    one: Annotated[
        str,
        typer.Argument(
            metavar="ONE", help="Hunt: its name in the journal, a hunt file, or a scratch folder."
        ),
    ],
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="Hunt to compare with. NAME~1 is the one before NAME.")
    ],
    repo: Annotated[str | None, typer.Option(help="Path of the git repository.")] = None,
    scratch: Annotated[str | None, typer.Option(help="Folder with the journal.")] = None,
    as_json: Json = False,
    md: Markdown = None,
) -> int:
    """Compare two hunts: their conclusions, and the commits that they judged differently. Runs no test.

    Shows whether a fix, another machine or another predicate changed the answer. If you edit a hunt file, the
    hunt before the edit is NAME~1.

    Examples: [bold]bisector compare tcl.yaml lua.yaml[/bold], after an edit
    [bold]bisector compare tcl~1 tcl[/bold], with the journal of another machine
    [bold]bisector compare hunt ../other/worktrees[/bold]
    """
    from bisector.cli.compare import compare_hunts
    from bisector.cli.usual_file import with_usual_file

    named = {"repository": repo, "scratch": scratch}
    place = Chosen(None, {key: value for key, value in named.items() if value is not None})
    return compare_hunts(with_usual_file(place, quiet=True), one, other, as_json=as_json, md=md)


@app.command(rich_help_panel="Look at a hunt")
@takes_hunt
def log(chosen: Chosen) -> None:
    """Print a hunt as a log for `git bisect replay` (default: the hunt of hunt.yaml, else the newest).

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
    each: Annotated[
        Path | None,
        typer.Option(help="Write a comment on each confirmed first bad commit to COMMIT.md in this folder."),
    ] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Print a summary in one paragraph.")] = False,
) -> None:
    """Write reports of a hunt. Without an option, print the Markdown report.

    Without a name, this is the hunt of hunt.yaml, or else the newest one. `--name NAME` alone means the
    newest hunt with that name in the journal, NAME~1 the one before it.

    Example: [bold]bisector report --config tcl.yaml --html tcl.html[/bold]
    """
    from bisector.cli.looking import Files, write_reports

    write_reports(chosen, Files(html, md, each), chat=chat)


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
def schema(
    of: Annotated[
        str,
        typer.Argument(
            metavar="[OF]",
            help="hunt-file, output (of --json) or events (of run --events).",
            autocompletion=completion.schemas,
        ),
    ] = "hunt-file",
) -> None:
    """Print the JSON Schema of hunt files, for editors, or of what bisector prints for programs.

    Examples: [bold]bisector schema[/bold], [bold]bisector schema output[/bold]
    """
    from bisector.cli.listing import show_schema

    show_schema(of)


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


@app.command(rich_help_panel="More")
def mcp(
    allow_run: Annotated[
        bool,
        typer.Option("--allow-run", help="Also offer `start`, which runs commands that the agent chooses."),
    ] = False,
) -> None:
    """Serve the Model Context Protocol on stdin and stdout, for agents. Read-only without --allow-run.

    Needs the extra `bisector\\[mcp]`. Tools: status, explain, report; with --allow-run also start.

    Examples: [bold]bisector mcp[/bold], [bold]bisector mcp --allow-run[/bold]
    """
    from bisector.cli.mcp_server import serve

    serve(allow_run=allow_run)
