"""The commands. Each body imports what it needs, so that `--help` stays quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector import __version__
from bisector.cli.options import Chosen, takes_hunt

app = typer.Typer(
    help="Hunts regressions through git history, on machines that are never quiet.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
demo_app = typer.Typer(help="The sample history: a small real sx_server with a known first bad commit.")
app.add_typer(demo_app, name="demo", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object at the end, and nothing else.")]


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


@app.command()
@takes_hunt
def run(
    chosen: Chosen,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the conclusion.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget this hunt's earlier readings and begin again.")
    ] = False,
) -> int:
    """Find the first bad commit; the same command goes on where an earlier start stopped.

    Exit codes: 0 found, 2 usage or hunt file, 3 no regression, 4 only untestable commits left,
    5 inconclusive, 6 environment, 130 interrupted.

    Examples: [bold]bisector run --config tcl.yaml[/bold], or without a hunt file
    [bold]bisector run --good v1 --bad HEAD --build make --test ./bench[/bold]
    """
    from bisector.cli.run import run_hunt

    return run_hunt(chosen, as_json=as_json, verbosity=0 if quiet else 1 + verbose, restart=restart)


@app.command()
@takes_hunt
def check(
    chosen: Chosen,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget this hunt's earlier readings and begin again.")
    ] = False,
) -> int:
    """Check the premise only: good is good, bad is bad, and the difference is real.

    Exit codes: 0 there is something to hunt, all others as `run`. A later `run` goes on from here.
    """
    from bisector.cli.run import check_premise

    return check_premise(chosen, as_json=as_json, verbosity=0 if quiet else 1 + verbose, restart=restart)


@app.command()
@takes_hunt
def status(chosen: Chosen, as_json: Json = False) -> None:
    """Show the hunts in the journal: running, stopped or over."""
    from bisector.cli.looking import show_status

    show_status(chosen, as_json=as_json)


@app.command()
@takes_hunt
def log(chosen: Chosen) -> None:
    """Print a hunt as a git bisect log, replayable by `git bisect replay` (default: the newest hunt)."""
    from bisector.cli.looking import show_log

    show_log(chosen)


@app.command()
@takes_hunt
def report(
    chosen: Chosen,
    html: Annotated[Path | None, typer.Option(help="Write the HTML report to this file.")] = None,
    md: Annotated[Path | None, typer.Option(help="Write the Markdown report to this file.")] = None,
) -> None:
    """Write the reports of a hunt (default: the newest); without a file, print the Markdown one."""
    from bisector.cli.looking import write_reports

    write_reports(chosen, html=html, md=md)


@app.command()
@takes_hunt
def clean(
    chosen: Chosen,
    everything: Annotated[bool, typer.Option("--all", help="The journal and the reports too.")] = False,
) -> None:
    """Remove what hunts keep between runs: built artefacts, logs, and what a killed hunt left behind."""
    from bisector.cli.looking import clean_scratch

    clean_scratch(chosen, everything=everything)


@app.command()
def predicates(
    name: Annotated[str | None, typer.Argument(help="Only this one.")] = None, as_json: Json = False
) -> None:
    """List the predicates with their options."""
    from bisector.cli.listing import show_predicates

    show_predicates(name, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of hunt files, for editors."""
    import json

    from bisector.hunt_file import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@demo_app.command("make")
def demo_make(
    directory: Annotated[Path, typer.Argument(help="A folder that is empty or not there yet.")],
    scenario: Annotated[str, typer.Option(help="Which cause to inject; see `demo list`.")] = "jit-miss",
    commits: Annotated[int, typer.Option(min=12, help="Length of the history.")] = 120,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 7,
    workload: Annotated[int, typer.Option(min=1, help="What each test does, in percent of its usual.")] = 100,
) -> None:
    """Write the sample history, a hunt file for it, and the truth it is compared with."""
    from bisector import demo

    made = demo.make(directory, scenario, commits=commits, seed=seed, workload=workload)
    typer.echo(f"repository: {made.repo}\nhunt file:  {made.hunt_file}\n")
    typer.echo(f"next: bisector run --config {made.hunt_file}")


@demo_app.command("list")
def demo_list() -> None:
    """List the scenarios."""
    from bisector import demo

    for name, text in demo.SCENARIOS.items():
        typer.echo(f"{name:<18} {text}")
