"""Commands that hunt, or judge one commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector.cli.commands.annotations import (
    Here,
    Json,
    Markdown,
    Port,
    Quietly,
    Restart,
    Serve,
    Verbosely,
    verbosity_of,
)
from bisector.cli.options import Chosen, takes_hunt
from bisector.errors import UsageError

app = typer.Typer()


@app.command(rich_help_panel="Hunt")
@takes_hunt
def run(
    chosen: Chosen,
    as_json: Json = False,
    events: Annotated[
        bool, typer.Option("--events", help="Print a line of JSON for each step, and the result as the last.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the conclusion.")] = False,
    verbose: Verbosely = False,
    restart: Restart = False,
    here: Here = False,
    page: Annotated[
        bool, typer.Option("--page", help="Keep the HTML report up to date while the hunt runs.")
    ] = False,
    serve: Serve = False,
    port: Port = None,
    notify: Annotated[
        bool,
        typer.Option("--notify", help="Show a desktop notification at the end, as --page and --serve do."),
    ] = False,
) -> int:
    """Find the first bad commit. After an interruption, the same command continues.

    Exit codes: 0 found and confirmed, 2 usage or hunt file, 3 no regression, 4 only untestable commits left,
    5 inconclusive or not confirmed, 6 environment, 7 good is bad or bad is good, 130 interrupted.

    Examples: [bold]bisector run --config tcl.yaml[/bold], or without a hunt file
    [bold]bisector run --good v1 --bad HEAD --build make --test ./bench[/bold]
    """
    if events and as_json:
        raise UsageError("the last line of --events has the object of --json; leave out --json")
    from contextlib import nullcontext

    from bisector.cli.event_stream import EventStream
    from bisector.cli.live import Wanted
    from bisector.cli.run import run_hunt

    with EventStream() if events else nullcontext() as stream:
        return run_hunt(
            chosen,
            as_json=as_json,
            verbosity=verbosity_of(quiet, verbose),
            restart=restart,
            here=here,
            wanted=Wanted.of(page=page, serve=serve, port=port, notify=notify),
            stream=stream,
        )


@app.command(rich_help_panel="Hunt")
@takes_hunt
def narrow(
    chosen: Chosen,
    commit: Annotated[
        str | None,
        typer.Argument(
            help="The commit to take apart (default: the first bad commit of the hunt, found if needed)."
        ),
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Take the hunks apart too, line by line.")] = False,
    patch: Annotated[
        Path | None, typer.Option("--patch", metavar="FILE", help="Write the patch to this file.")
    ] = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the conclusion.")] = False,
    verbose: Verbosely = False,
    restart: Restart = False,
) -> int:
    """Find the smallest part of the first bad commit that makes its parent bad, as a patch.

    Each candidate part is built and tested on top of the parent, like a commit. The result is confirmed: the
    parent is bad with the patch, and the commit is good without it, if both can be tested.

    Exit codes: those of `run`, whose answer this takes apart; 5 if no smallest part was found.

    Examples: [bold]bisector narrow --config tcl.yaml[/bold], or
    [bold]bisector narrow 3f2a9c8 --test ./check.sh --patch cause.patch[/bold]
    """
    from bisector.cli.narrow import run_narrow

    return run_narrow(
        chosen,
        commit,
        lines=lines,
        patch=patch,
        as_json=as_json,
        verbosity=verbosity_of(quiet, verbose),
        restart=restart,
    )


@app.command(rich_help_panel="Hunt")
@takes_hunt
def check(
    chosen: Chosen,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer.")] = False,
    verbose: Verbosely = False,
    restart: Restart = False,
    here: Here = False,
    signals: Annotated[
        bool,
        typer.Option("--signals", help="Compare what to measure, and propose the predicate for the hunt."),
    ] = False,
    write: Annotated[
        bool,
        typer.Option("--write", help="With --signals: write the predicate into the hunt file."),
    ] = False,
) -> int:
    """Check the premise only: good is good, bad is bad, and the difference is real.

    A later `run` continues from here. With --signals, run both endpoints a few times instead, whatever the
    predicate, and tell how long a hunt by time, memory, instructions or a printed counter would take.

    Exit codes: 0 the endpoints differ, all others as `run`. With --signals: 0 if a signal shows the step,
    5 if none does.

    Examples: [bold]bisector check --config tcl.yaml[/bold], to choose the predicate
    [bold]bisector check --config tcl.yaml --signals --write[/bold]
    """
    if write and not signals:
        raise UsageError("--write needs --signals; add it, or use `bisector inputs --write` for the inputs")
    if here and signals:
        raise UsageError("--here compares a test that fails, --signals measures it; leave out one of the two")
    if signals:
        from bisector.cli.signals import compare_signals

        return compare_signals(chosen, write=write, as_json=as_json, verbosity=verbosity_of(quiet, verbose))
    from bisector.cli.run import check_premise

    return check_premise(
        chosen, as_json=as_json, verbosity=verbosity_of(quiet, verbose), restart=restart, here=here
    )


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
    verbose: Verbosely = False,
) -> int:
    """Judge one commit: the script for `git bisect run`.

    Exit codes: 0 good, 1 bad, 125 untestable. All others are 128 or above: git stops and does not take
    a mistake for a verdict.

    Examples: [bold]git bisect run bisector probe --config tcl.yaml[/bold], or for one commit
    [bold]bisector probe --config tcl.yaml v1.2[/bold]
    """
    from bisector.cli.probe import probe_commit

    return probe_commit(chosen, commit, again=again, as_json=as_json, verbose=verbose)


@app.command(rich_help_panel="Hunt")
@takes_hunt
def forget(
    chosen: Chosen,
    reading: Annotated[
        list[str] | None,
        typer.Argument(help="Number of a reading (as in --list and in the report), or a commit. Repeatable."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Only list the readings.")] = False,
    as_json: Json = False,
) -> None:
    """Take back single readings, for example those of a power cut. The next `run` continues without them.

    They stay in the journal but no longer count, and the conclusion is withdrawn. If commits with identical
    builds share a reading, all of them lose it.

    Examples: [bold]bisector forget --list[/bold], [bold]bisector forget 7[/bold], all readings of a commit
    [bold]bisector forget --config tcl.yaml v1.2~3[/bold]
    """
    from bisector.cli.forget import forget_readings

    forget_readings(chosen, reading or (), listing=listing, as_json=as_json)


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


@app.command(rich_help_panel="Around the hunt")
@takes_hunt
def fixup(
    chosen: Chosen,
    group: Annotated[
        int, typer.Option(min=1, help="Number of the group, from 1 for the one with most commits.")
    ] = 1,
    write: Annotated[
        bool, typer.Option("--write", help="Add the fixing commit to the overlay in the hunt file.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget what was read for the fixing commit.")
    ] = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Find the commit that fixes the build of commits that do not build, and try it as a fix-up.

    After a hunt, `fixup` takes the largest group of commits that fail to build alike, hunts for the first
    later commit that builds, and builds the group with its changes.

    Exit codes: 0 some of them build with it, 1 none does, 3 all commits build, 5 not found, 2 and 6 as `run`.

    Example: [bold]bisector fixup --config tcl.yaml --write[/bold]
    """
    from bisector.cli.fixup import fix_builds

    return fix_builds(
        chosen,
        group,
        write=write,
        restart=restart,
        as_json=as_json,
        md=md,
        verbosity=verbosity_of(quiet, verbose),
    )
