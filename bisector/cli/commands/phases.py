"""The phases of a plan around the hunt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector.cli.commands.annotations import (
    Again,
    Configs,
    Guests,
    Json,
    Markdown,
    Quietly,
    Repo,
    Settings,
    Verbosely,
)
from bisector.cli.options import Chosen, takes_hunt

app = typer.Typer()


@app.command(rich_help_panel="Around the hunt")
def quantify(
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Measure every guest at both ends: totals, ratios, suites, and whether one guest stands out.

    Its readings are those of `check`, so neither it nor `run` takes them again.

    Example: [bold]bisector quantify --config tcl.yaml --config lua.yaml[/bold]
    """
    from bisector.cli.guests import grounds_of
    from bisector.cli.quantify import quantify_guests

    grounds = grounds_of(config or (), guests, repo, settings or ())
    return quantify_guests(
        grounds, again=again, as_json=as_json, md=md, verbosity=0 if quiet else 1 + verbose
    )


@app.command(rich_help_panel="Around the hunt")
@takes_hunt
def diagnose(
    chosen: Chosen,
    commit: Annotated[
        str | None, typer.Argument(help="The commit to diagnose; default: the hunt's first bad commit.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="What it is compared with; default: its first parent.")
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help="Ask this collector only; may be repeated. Default: those of the hunt file."),
    ] = None,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare the first bad commit with its parent: evidence, and what becomes of each hypothesis.

    Exit codes: 0 done, 2 usage or hunt file, 5 hypotheses stay open and none is validated, 6 environment.

    Example: [bold]bisector diagnose --config tcl.yaml[/bold]
    """
    from bisector.cli.diagnose import diagnose_commit

    return diagnose_commit(
        chosen,
        commit,
        against=against,
        evidence=evidence or (),
        again=again,
        as_json=as_json,
        md=md,
        verbosity=0 if quiet else 1 + verbose,
    )


@app.command(rich_help_panel="Around the hunt")
def verify(
    fix: Annotated[str, typer.Option("--fix", help="The commit that is to bring good's speed back.")],
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    within: Annotated[
        float, typer.Option(min=1.0, help="How many times good's user time a fix may take.")
    ] = 1.5,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Hold a fix against good: speed, scoreboard and watchdogs of every guest.

    Exit codes: 0 all holds, 1 something does not, 5 something could not be decided, 2 and 6 as `run`.

    Example: [bold]bisector verify --config tcl.yaml --config lua.yaml --fix my-branch[/bold]
    """
    from bisector.cli.guests import grounds_of
    from bisector.cli.verify import verify_fix

    grounds = grounds_of(config or (), guests, repo, settings or ())
    verbosity = 0 if quiet else 1 + verbose
    return verify_fix(grounds, fix, within, again=again, as_json=as_json, md=md, verbosity=verbosity)


@app.command(rich_help_panel="Around the hunt")
def plan(
    file: Annotated[Path, typer.Option("--file", help="The plan, a Markdown file; made when missing.")],
    config: Configs = None,
    guests: Guests = None,
    heading: Annotated[str, typer.Option(help="Under which heading entries go.")] = "Progress log",
    as_json: Json = False,
) -> None:
    """Write what the journal holds into a plan: a dated entry for each conclusion and result, newest first.

    What stands there already is not written again, and all else in the file stays as it is. Without
    --config: the journal of this folder.

    Example: [bold]bisector plan --file plan.md --config tcl.yaml[/bold]
    """
    from bisector.cli.plan import write_plan_file

    write_plan_file(file, heading, config or (), guests, as_json=as_json)


@app.command(rich_help_panel="Around the hunt")
@takes_hunt
def alarm(
    chosen: Chosen,
    update: Annotated[bool, typer.Option("--update", help="Measure and rewrite the references.")] = False,
    factor: Annotated[
        float | None, typer.Option(min=1.01, help="Fail beyond this many times the reference.")
    ] = None,
    commit: Annotated[str, typer.Option(help="Build and measure this commit.")] = "HEAD",
    here: Annotated[
        bool, typer.Option("--here", help="Measure in this folder as it stands, without a build.")
    ] = False,
    hunt: Annotated[bool, typer.Option("--hunt", help="On failure start the hunt for the cause.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for a drift too.")] = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare micro-benchmarks with their reference times and with their own history.

    Exit codes: 0 all within the factor, 1 the alarm, 2 usage or references, 6 environment.

    Example: [bold]bisector alarm --config smoke.yaml[/bold], first of all
    [bold]bisector alarm --config smoke.yaml --update[/bold]
    """
    from bisector.cli.alarm import sound_alarm

    return sound_alarm(
        chosen,
        update=update,
        factor=factor,
        here=here,
        commit=commit,
        hunt=hunt,
        strict=strict,
        as_json=as_json,
        md=md,
        verbosity=0 if quiet else 1 + verbose,
    )


@app.command(rich_help_panel="Around the hunt")
def deadlines(
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    commit: Annotated[
        str | None, typer.Option(help="Look at the scripts of this commit; default: each hunt's bad one.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of a test that was not measured today.")] = 2,
    factor: Annotated[
        float, typer.Option(min=1.5, help="A deadline should be this many times the quiet wall time.")
    ] = 5.0,
    write: Annotated[
        bool, typer.Option("--write", help="Print the change as a diff; your checkout stays as it is.")
    ] = False,
    patch: Annotated[Path | None, typer.Option(help="Write the diff to this file, for `git apply`.")] = None,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare the deadlines in test scripts with how long the tests take, and recommend values.

    Example: [bold]bisector deadlines --config tcl.yaml --config erlang.yaml --write[/bold]
    """
    from bisector.cli.deadlines import advise_on_deadlines
    from bisector.cli.guests import grounds_of

    return advise_on_deadlines(
        grounds_of(config or (), guests, repo, settings or ()),
        commit=commit,
        runs=runs,
        factor=factor,
        again=again,
        write=write,
        patch=patch,
        as_json=as_json,
        md=md,
        verbosity=0 if quiet else 1 + verbose,
    )


@app.command(rich_help_panel="Around the hunt")
def watchdog(
    asked: Annotated[str, typer.Argument(metavar="BASE..HEAD", help="The change to look at.")],
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    run: Annotated[
        bool, typer.Option("--run", help="Hunt for what made a watched test slower, if anything did.")
    ] = False,
    budget: Annotated[
        str | None, typer.Option(help="Time for all hunts, such as 50m; the next start goes on.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail for a raised deadline that no hunt answers for.")
    ] = False,
    form: Annotated[
        str,
        typer.Option(
            "--format", help="text, json, markdown, github, gitea, forgejo, gitlab (code quality) or sarif."
        ),
    ] = "text",
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Find the deadlines that a change raises, and tell whether a regression is behind them.

    Exit codes: 0 no regression, 1 a regression (--strict: a raised deadline), 5 not decided.

    Example: [bold]bisector watchdog origin/main..HEAD --guests all --run --budget 50m[/bold]
    """
    from bisector.cli.guests import grounds_of
    from bisector.cli.watchdog import watch_range

    return watch_range(
        asked,
        Path(repo or "."),
        grounds_of(config or (), guests, repo, settings or ()) if config or guests else [],
        run=run,
        budget=budget,
        strict=strict,
        form="json" if as_json else form,
        md=md,
        verbosity=0 if quiet else 1 + verbose,
    )
