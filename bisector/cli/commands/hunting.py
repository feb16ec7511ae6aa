"""The hunt, and one commit judged."""

from __future__ import annotations

from typing import Annotated

import typer

from bisector.cli.commands.annotations import Json
from bisector.cli.options import Chosen, takes_hunt

app = typer.Typer()


@app.command(rich_help_panel="Hunt")
@takes_hunt
def run(
    chosen: Chosen,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the conclusion.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Discard the earlier readings of this hunt and start again.")
    ] = False,
) -> int:
    """Find the first bad commit. After an interruption, the same command continues.

    Exit codes: 0 found and confirmed, 2 usage or hunt file, 3 no regression, 4 only untestable commits left,
    5 inconclusive or not confirmed, 6 environment, 130 interrupted.

    Examples: [bold]bisector run --config tcl.yaml[/bold], or without a hunt file
    [bold]bisector run --good v1 --bad HEAD --build make --test ./bench[/bold]
    """
    from bisector.cli.run import run_hunt

    return run_hunt(chosen, as_json=as_json, verbosity=0 if quiet else 1 + verbose, restart=restart)


@app.command(rich_help_panel="Hunt")
@takes_hunt
def check(
    chosen: Chosen,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Discard the earlier readings of this hunt and start again.")
    ] = False,
) -> int:
    """Check the premise only: good is good, bad is bad, and the difference is real.

    A later `run` continues from here.

    Exit codes: 0 the endpoints differ, all others as `run`.

    Example: [bold]bisector check --config tcl.yaml[/bold]
    """
    from bisector.cli.run import check_premise

    return check_premise(chosen, as_json=as_json, verbosity=0 if quiet else 1 + verbose, restart=restart)


@app.command(rich_help_panel="Hunt")
@takes_hunt
def probe(
    chosen: Chosen,
    commit: Annotated[
        str | None,
        typer.Argument(help="Commit to judge in a scratch worktree (default: the checkout as it is)."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Test again, even if the journal has a reading.")
    ] = False,
    as_json: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
) -> int:
    """Judge one commit: the script for `git bisect run`.

    Exit codes: 0 good, 1 bad, 125 untestable. All others are 128 or above: git stops and does not take
    a mistake for a verdict.

    Examples: [bold]git bisect run bisector probe --config tcl.yaml[/bold], or for one commit
    [bold]bisector probe --config tcl.yaml v1.2[/bold]
    """
    from bisector.cli.probe import probe_commit

    return probe_commit(chosen, commit, again=again, as_json=as_json, verbose=verbose)


@app.command("import", rich_help_panel="Hunt")
@takes_hunt
def import_(
    chosen: Chosen,
    as_json: Json = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Discard the earlier readings of this hunt first.")
    ] = False,
) -> None:
    """Import a `git bisect` session: its verdicts become readings of a hunt, and `run` continues from there.

    The session itself does not change. Without --good and --bad, the hunt uses the session's first good and
    bad commits.

    Example: [bold]bisector import --config tcl.yaml[/bold]
    """
    from bisector.cli.import_session import import_session

    import_session(chosen, as_json=as_json, restart=restart)
