"""Commands to start with: hunt file, machine check, inputs, CI, sample history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bisector.cli import completion
from bisector.cli.commands.annotations import Force, Json, Markdown, Quietly, Verbosely, verbosity_of
from bisector.cli.options import Chosen, takes_hunt

app = typer.Typer()
demo_app = typer.Typer(help="Make a sample history: a small sx_server with a known first bad commit.")
app.add_typer(demo_app, name="demo", no_args_is_help=True, rich_help_panel="Begin")
ci_app = typer.Typer(help="Write CI workflows: check raised deadlines, or hunt what failed on main.")
app.add_typer(ci_app, name="ci", no_args_is_help=True, rich_help_panel="Begin")


Folder = Annotated[Path, typer.Argument(help="Repository to examine.", show_default="the current folder")]
Output = Annotated[Path, typer.Option(help="Hunt file to write. `-` prints it and skips the trial.")]
Symptom = Annotated[
    str | None,
    typer.Option(
        "--for",
        help="What is wrong: fails, slow, memory, hangs or flaky (default: ask, or fails).",
        autocompletion=completion.symptoms,
    ),
]
Test = Annotated[
    str | None, typer.Option(help="Command that shows the problem (default: that of the build system).")
]
Good = Annotated[
    str | None,
    typer.Option(
        help="A revision without the problem, or `auto` to search for one (default: the newest tag)."
    ),
]


@app.command(rich_help_panel="Begin")
def init(
    folder: Folder = Path(),
    output: Output = Path("hunt.yaml"),
    symptom: Symptom = None,
    test: Test = None,
    good: Good = None,
    force: Force = False,
    no_try: Annotated[bool, typer.Option("--no-try", help="Do not build and test anything.")] = False,
    as_json: Json = False,
    verbose: Verbosely = False,
) -> int:
    """Propose a hunt file for a repository, with comments, and try it at both endpoints.

    On a terminal, asks up to three questions; with --for and --test none. The trial builds and tests HEAD
    and the good commit, traces what they read, and measures what is slow, to fill in the file.

    Exit codes: 0 written and works, 1 written but an endpoint cannot be judged, 2 usage.

    Examples: [bold]bisector init[/bold], for a program that became slow
    [bold]bisector init ../server --for slow --test ./bench.sh[/bold], to print it only
    [bold]bisector init --output -[/bold]
    """
    from bisector.cli.init import Wanted, propose_hunt

    return propose_hunt(
        Wanted(
            folder,
            output,
            symptom,
            test,
            good,
            force=force,
            no_try=no_try,
            as_json=as_json,
            verbosity=1 + verbose,
        )
    )


@app.command(rich_help_panel="Begin")
@takes_hunt
def doctor(
    chosen: Chosen,
    as_json: Json = False,
    report: Annotated[
        bool,
        typer.Option("--report", help="Print what a bug report needs, as Markdown without personal names."),
    ] = False,
) -> int:
    """Check this machine: limits, isolation, tools, disk and load, and what they mean for a hunt.

    If you name a hunt, also check that everything it needs is there.

    Exit codes: 0 a hunt can run, 6 it cannot.

    Examples: [bold]bisector doctor[/bold], for one hunt [bold]bisector doctor --config tcl.yaml[/bold],
    for an issue [bold]bisector doctor --report[/bold]
    """
    if report and as_json:
        from bisector.errors import UsageError

        raise UsageError("--report and --json print the same in two ways; leave out one of them")
    from bisector.cli.doctor import examine

    return examine(chosen, as_json=as_json, as_report=report)


@app.command(rich_help_panel="Begin")
@takes_hunt
def inputs(
    chosen: Chosen,
    commit: Annotated[
        str | None, typer.Option(metavar="REV", help="Commit to trace (default: the good commit).")
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Write the lists into the hunt file. The rest of it does not change."),
    ] = False,
    as_json: Json = False,
    md: Markdown = None,
    quiet: Quietly = False,
    verbose: Verbosely = False,
) -> int:
    """Trace one build and one test, and propose the inputs and outputs for the hunt file.

    Exit codes: 0 done, 1 the hunt file lacks an input, 2 usage or hunt file, 6 environment.

    Examples: [bold]bisector inputs --config tcl.yaml[/bold], and write them to the file
    [bold]bisector inputs --config tcl.yaml --write[/bold]
    """
    from bisector.cli.inputs import trace_inputs

    return trace_inputs(
        chosen, commit, write=write, as_json=as_json, md=md, verbosity=verbosity_of(quiet, verbose)
    )


@ci_app.command("init")
def ci_init(
    service: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="github, gitea, forgejo or gitlab (default: detected from the repository).",
            autocompletion=completion.services,
        ),
    ] = None,
    repo: Annotated[Path, typer.Option(help="Repository to write the workflow to.")] = Path(),
    red_main: Annotated[
        bool,
        typer.Option("--red-main", help="Instead, hunt all tests that failed on main, with `targets`."),
    ] = False,
    branch: Annotated[
        str | None, typer.Option(help="With --red-main: the branch (default: that of the remote, else main).")
    ] = None,
    tests: Annotated[
        str | None,
        typer.Option(help="With --red-main: name of the GitHub workflow that tests the branch."),
    ] = None,
    hunts: Annotated[
        str | None,
        typer.Option(
            help="Options that name the hunts of `watchdog` (default: `--guests all`), or with --red-main "
            "the hunt of `run` (default: `--config hunt.yaml`)."
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="Time for all hunts of a run.")] = "50m",
    install: Annotated[
        str | None, typer.Option(help="Command that installs bisector on the CI machine (default: with pip).")
    ] = None,
    force: Force = False,
) -> None:
    """Write a CI workflow that checks the raised deadlines of each proposed change.

    With --red-main, write one that hunts all tests that failed on main, and comments on the pull request of
    each commit that broke some.

    Examples: [bold]bisector ci init[/bold],
    [bold]bisector ci init --for gitlab --hunts '--config tcl.yaml'[/bold],
    [bold]bisector ci init --red-main --tests CI[/bold]
    """
    from bisector.cli.ci import Wanted, write_workflow

    wanted = Wanted(hunts, budget, install, red_main, branch, tests)
    write_workflow(repo, service, wanted, force=force)


@demo_app.command("make")
def demo_make(
    directory: Annotated[Path, typer.Argument(help="Folder to create; it may exist if it is empty.")],
    scenario: Annotated[
        str,
        typer.Option(help="Cause to inject; `demo list` lists them.", autocompletion=completion.scenarios),
    ] = "jit-miss",
    commits: Annotated[int, typer.Option(min=12, help="Number of commits.")] = 120,
    seed: Annotated[int, typer.Option(help="Seed of the history.")] = 7,
    workload: Annotated[int, typer.Option(min=1, help="Work of each test, in percent.")] = 100,
    phases: Annotated[
        bool,
        typer.Option(
            "--phases", help="Also write a hunt file for each test suite to configs/, and a branch `fix`."
        ),
    ] = False,
) -> None:
    """Write the sample history, a hunt file for it, and the expected answer.

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
