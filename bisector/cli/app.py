"""The commands. Each body imports what it needs, so that `--help` stays quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector import __version__
from bisector.cli import completion
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
ci_app = typer.Typer(help="Workflow files that ask what raised deadlines hide.")
app.add_typer(ci_app, name="ci", no_args_is_help=True)

Configs = Annotated[
    list[str] | None,
    typer.Option("--config", "-c", help="Hunt file of a guest: a path, or a name in configs/; repeat it."),
]
Guests = Annotated[
    str | None,
    typer.Option(help="`all` hunt files beside the first --config (or in configs/), or names: tcl,lua."),
]
Repo = Annotated[str | None, typer.Option(help="The git repository, for all of these hunts.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any key of these hunt files, dotted.")
]
Again = Annotated[bool, typer.Option("--again", help="Measure anew what was measured within the last day.")]
Markdown = Annotated[
    Path | None, typer.Option("--md", help="Write the Markdown to this file too; `-` prints nothing else.")
]
Quietly = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbosely = Annotated[bool, typer.Option("--verbose", "-v", help="Print every build and run.")]
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
def init(
    folder: Annotated[
        Path, typer.Argument(help="The repository to look at.", show_default="this folder")
    ] = Path(),
    output: Annotated[
        Path, typer.Option(help="Write the hunt file here; `-` prints it and tries nothing.")
    ] = Path("hunt.yaml"),
    symptom: Annotated[
        str,
        typer.Option(
            "--for",
            help="What is hunted: failure, time or memory.",
            autocompletion=completion.symptoms,
        ),
    ] = "failure",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    no_try: Annotated[bool, typer.Option("--no-try", help="Do not build and test HEAD.")] = False,
    as_json: Json = False,
    verbose: Verbosely = False,
) -> int:
    """Look at a repository, propose a hunt file with comments, and try it at HEAD.

    Exit codes: 0 written and it works at HEAD, 1 written but HEAD cannot be judged by it, 2 usage.

    Examples: [bold]bisector init[/bold], for a program that became slow
    [bold]bisector init ../server --for time[/bold], only to see it [bold]bisector init --output -[/bold]
    """
    from bisector.cli.init import propose_hunt

    return propose_hunt(
        folder, output, symptom, force=force, no_try=no_try, as_json=as_json, verbosity=1 + verbose
    )


@app.command()
@takes_hunt
def doctor(chosen: Chosen, as_json: Json = False) -> int:
    """Tell what this machine can do, and what that means for a hunt: limits, isolation, tools, disk, load.

    With a hunt named, also whether all that it asks for is there.

    Exit codes: 0 a hunt can run, 6 it cannot.

    Examples: [bold]bisector doctor[/bold], for one hunt [bold]bisector doctor --config tcl.yaml[/bold]
    """
    from bisector.cli.doctor import examine

    return examine(chosen, as_json=as_json)


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

    A later `run` goes on from here.

    Exit codes: 0 there is something to hunt, all others as `run`.

    Example: [bold]bisector check --config tcl.yaml[/bold]
    """
    from bisector.cli.run import check_premise

    return check_premise(chosen, as_json=as_json, verbosity=0 if quiet else 1 + verbose, restart=restart)


@app.command()
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


@app.command("import")
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
@takes_hunt
def status(chosen: Chosen, as_json: Json = False) -> None:
    """Show the hunts in the journal: running, stopped or over.

    Examples: [bold]bisector status[/bold], [bold]bisector status --config tcl.yaml --json[/bold]
    """
    from bisector.cli.looking import show_status

    show_status(chosen, as_json=as_json)


@app.command()
@takes_hunt
def explain(chosen: Chosen, as_json: Json = False, md: Markdown = None) -> int:
    """Tell why each commit was tested, in plain words (default: the newest hunt); nothing is run.

    Examples: [bold]bisector explain[/bold], [bold]bisector explain --config tcl.yaml --md why.md[/bold]
    """
    from bisector.cli.explain import explain_hunt

    return explain_hunt(chosen, as_json=as_json, md=md)


@app.command()
@takes_hunt
def log(chosen: Chosen) -> None:
    """Print a hunt as a git bisect log, replayable by `git bisect replay` (default: the newest hunt).

    Example: [bold]bisector log --config tcl.yaml[/bold]
    """
    from bisector.cli.looking import show_log

    show_log(chosen)


@app.command()
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


@app.command()
@takes_hunt
def clean(
    chosen: Chosen,
    everything: Annotated[bool, typer.Option("--all", help="The journal and the reports too.")] = False,
) -> None:
    """Remove what hunts keep between runs: built artefacts, logs, and what a killed hunt left behind.

    Examples: [bold]bisector clean[/bold], with journal and reports [bold]bisector clean --all[/bold]
    """
    from bisector.cli.looking import clean_scratch

    clean_scratch(chosen, everything=everything)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def schema() -> None:
    """Print the JSON Schema of hunt files, for editors.

    Example: [bold]bisector schema[/bold]
    """
    import json

    from bisector.hunt_file import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@ci_app.command("init")
def ci_init(
    service: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="github, gitea, forgejo or gitlab; default: the one that the repository looks made for.",
            autocompletion=completion.services,
        ),
    ] = None,
    repo: Annotated[Path, typer.Option(help="The repository to write it into.")] = Path(),
    hunts: Annotated[
        str, typer.Option(help="Options of `watchdog` that name the hunts: `--config hunt.yaml`.")
    ] = "--guests all",
    budget: Annotated[str, typer.Option(help="Time for all hunts of a change.")] = "50m",
    install: Annotated[
        str | None, typer.Option(help="The command that installs bisector there; default: with pip.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a workflow that asks of every proposed change what its raised deadlines hide.

    Examples: [bold]bisector ci init[/bold],
    [bold]bisector ci init --for gitlab --hunts '--config tcl.yaml'[/bold]
    """
    from bisector.cli.ci import write_workflow

    write_workflow(repo, service, hunts=hunts, budget=budget, install=install, force=force)


@demo_app.command("make")
def demo_make(
    directory: Annotated[Path, typer.Argument(help="A folder that is empty or not there yet.")],
    scenario: Annotated[
        str,
        typer.Option(help="Which cause to inject; see `demo list`.", autocompletion=completion.scenarios),
    ] = "jit-miss",
    commits: Annotated[int, typer.Option(min=12, help="Length of the history.")] = 120,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 7,
    workload: Annotated[int, typer.Option(min=1, help="What each test does, in percent of its usual.")] = 100,
    phases: Annotated[
        bool,
        typer.Option("--phases", help="Also a hunt file for each guest in configs/, and a branch `fix`."),
    ] = False,
) -> None:
    """Write the sample history, a hunt file for it, and the truth it is compared with.

    Example: [bold]bisector demo make sample --scenario jit-miss --commits 60[/bold]
    """
    from bisector import demo

    made = demo.make(directory, scenario, commits=commits, seed=seed, workload=workload, phases=phases)
    typer.echo(f"repository: {made.repo}\nhunt file:  {made.hunt_file}\n")
    typer.echo(f"next: bisector run --config {made.hunt_file}")


@demo_app.command("list")
def demo_list() -> None:
    """List the scenarios.

    Example: [bold]bisector demo list[/bold]
    """
    from bisector import demo

    for name, text in demo.SCENARIOS.items():
        typer.echo(f"{name:<18} {text}")
