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


@app.command(rich_help_panel="Hunt")
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

    A later `run` goes on from here.

    Exit codes: 0 there is something to hunt, all others as `run`.

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
        typer.Argument(help="Judge this commit in a scratch worktree; default: the checkout as it stands."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read it anew, whatever the journal holds.")] = False,
    as_json: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")] = False,
) -> int:
    """Judge one commit: the script for `git bisect run`.

    Exit codes: 0 good, 1 bad, 125 untestable; everything else is 128 or above, so that git stops and
    takes no mistake for a verdict.

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
        bool, typer.Option("--restart", help="Forget this hunt's earlier readings first.")
    ] = False,
) -> None:
    """Go on with a `git bisect` session: its verdicts become readings of a hunt, for `run` to go on from.

    The session itself is only read. Without --good and --bad the hunt is between the commits that the
    session began with.

    Example: [bold]bisector import --config tcl.yaml[/bold]
    """
    from bisector.cli.import_session import import_session

    import_session(chosen, as_json=as_json, restart=restart)
