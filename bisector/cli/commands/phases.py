"""Commands for the phases of a plan around the hunt."""

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
    verbosity_of,
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
    """Measure each test suite at both endpoints: totals, ratios, and which suite stands out.

    `check` and `run` reuse these readings, and `quantify` reuses theirs.

    Example: [bold]bisector quantify --config tcl.yaml --config lua.yaml[/bold]
    """
    from bisector.cli.guests import grounds_of
    from bisector.cli.quantify import quantify_guests

    grounds = grounds_of(config or (), guests, repo, settings or ())
    return quantify_guests(
        grounds, again=again, as_json=as_json, md=md, verbosity=verbosity_of(quiet, verbose)
    )


@app.command(rich_help_panel="Around the hunt")
@takes_hunt
def diagnose(
    chosen: Chosen,
    commit: Annotated[
        str | None, typer.Argument(help="Commit to diagnose (default: the hunt's first bad commit).")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Commit to compare with (default: its first parent).")
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help="Run only this collector. Repeatable (default: those of the hunt file)."),
    ] = None,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare the first bad commit with its parent: collect evidence and test the hypotheses.

    Exit codes: 0 done, 2 usage or hunt file, 5 no hypothesis validated and some still open, 6 environment.

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
        verbosity=verbosity_of(quiet, verbose),
    )


@app.command(rich_help_panel="Around the hunt")
def verify(
    fix: Annotated[str, typer.Option("--fix", help="Commit with the fix.")],
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    within: Annotated[
        float,
        typer.Option(min=1.0, help="Most user time the fix may take, as a multiple of the good commit."),
    ] = 1.5,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare a fix with the good commit: speed, scoreboard and watchdogs of each test suite.

    Exit codes: 0 all checks passed, 1 a check failed, 5 a check could not be decided, 2 and 6 as `run`.

    Example: [bold]bisector verify --config tcl.yaml --config lua.yaml --fix my-branch[/bold]
    """
    from bisector.cli.guests import grounds_of
    from bisector.cli.verify import verify_fix

    grounds = grounds_of(config or (), guests, repo, settings or ())
    verbosity = verbosity_of(quiet, verbose)
    return verify_fix(grounds, fix, within, again=again, as_json=as_json, md=md, verbosity=verbosity)


@app.command(rich_help_panel="Around the hunt")
def plan(
    file: Annotated[Path, typer.Option("--file", help="Markdown file of the plan; created if missing.")],
    config: Configs = None,
    guests: Guests = None,
    heading: Annotated[str, typer.Option(help="Heading under which entries are added.")] = "Progress log",
    as_json: Json = False,
) -> None:
    """Add conclusions and results from the journal to a plan, as dated entries, newest first.

    Entries that the plan already has are not added again, and the rest of the file does not change. Without
    --config, the journal of the current folder is used.

    Example: [bold]bisector plan --file plan.md --config tcl.yaml[/bold]
    """
    from bisector.cli.plan import write_plan_file

    write_plan_file(file, heading, config or (), guests, as_json=as_json)


@app.command(rich_help_panel="Around the hunt")
@takes_hunt
def alarm(
    chosen: Chosen,
    update: Annotated[
        bool, typer.Option("--update", help="Measure, and rewrite the reference times.")
    ] = False,
    factor: Annotated[
        float | None,
        typer.Option(
            min=1.01, help="Fail if a benchmark takes more than this multiple of its reference time."
        ),
    ] = None,
    commit: Annotated[str, typer.Option(help="Commit to build and measure.")] = "HEAD",
    here: Annotated[
        bool, typer.Option("--here", help="Measure the current folder as it is, without a build.")
    ] = False,
    hunt: Annotated[bool, typer.Option("--hunt", help="On failure, hunt for the cause.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Also fail on a slow drift.")] = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare micro-benchmarks with their reference times and their history.

    Exit codes: 0 all within the factor, 1 alarm, 2 usage or references, 6 environment.

    Example: [bold]bisector alarm --config smoke.yaml[/bold], the first time
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
        verbosity=verbosity_of(quiet, verbose),
    )


@app.command(rich_help_panel="Around the hunt")
def deadlines(
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    commit: Annotated[
        str | None, typer.Option(help="Commit whose scripts are checked (default: each hunt's bad commit).")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each test that was not measured today.")] = 2,
    factor: Annotated[
        float,
        typer.Option(
            min=1.5, help="Recommend deadlines of this multiple of the wall time on a quiet machine."
        ),
    ] = 5.0,
    write: Annotated[
        bool, typer.Option("--write", help="Print the changes as a diff. Your checkout does not change.")
    ] = False,
    patch: Annotated[Path | None, typer.Option(help="Write the diff to this file, for `git apply`.")] = None,
    again: Again = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Compare the deadlines in test scripts with the time the tests take, and recommend values.

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
        verbosity=verbosity_of(quiet, verbose),
    )


@app.command(rich_help_panel="Around the hunt")
def watchdog(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="BASE..HEAD",
            help="Range of commits to check; with --staged, the file with the commit message.",
        ),
    ],
    config: Configs = None,
    guests: Guests = None,
    repo: Repo = None,
    settings: Settings = None,
    run: Annotated[
        bool, typer.Option("--run", help="If a watched test became slower, hunt for the cause.")
    ] = False,
    budget: Annotated[
        str | None, typer.Option(help="Time for all hunts, for example 50m. The next start continues.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also fail if no hunt explains a raised deadline.")
    ] = False,
    staged: Annotated[
        bool,
        typer.Option("--staged", help="As a commit-msg hook: refuse a raised deadline without a reason."),
    ] = False,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="Output: text, json, markdown, github, gitea, forgejo, gitlab (code quality) or sarif.",
        ),
    ] = "text",
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Find deadlines that a change raises, and check whether they hide a regression.

    With --staged, check what is about to be committed: a raised deadline needs a line `Deadline-Reason: ...`
    in the commit message.

    Exit codes: 0 no regression, 1 a regression (--strict: a raised deadline; --staged: no reason), 5 not
    decided.

    Examples: [bold]bisector watchdog origin/main..HEAD --guests all --run --budget 50m[/bold], in a hook
    [bold]bisector watchdog --staged .git/COMMIT_EDITMSG[/bold]
    """
    if staged:
        from bisector.cli.watchdog_hook import require_reason

        return require_reason(Path(repo or ".").resolve(), Path(asked))
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
        verbosity=verbosity_of(quiet, verbose),
    )
