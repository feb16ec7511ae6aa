"""The options that name a hunt: a hunt file, its keys, or both."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bisector.cli import completion

if TYPE_CHECKING:
    from bisector.hunt.ground import Ground

_HUNT = "The hunt"
_RANGE = "Range"
_WORK = "Build and test"
_JUDGING = "Judging and stopping"


@dataclass(frozen=True)
class Chosen:
    """The user's choice: the hunt file, and overrides by dotted key."""

    config: str | None
    values: dict[str, object]
    found: bool = False
    """Whether `config` is a `hunt.yaml` that was found, not named."""

    @property
    def is_empty(self) -> bool:
        """Whether no hunt was named."""
        return self.config is None and not self.values

    def ground(self, *, in_place: bool = False) -> Ground:
        """The loaded hunt with its repository; raises what loading and opening raise.

        A probe of the checkout `in_place` finds the untracked scripts of a hunt without a hunt file there.
        """
        from bisector import hunt_file
        from bisector.cli.as_by_hand import in_current_folder, scripts_to_bring
        from bisector.errors import UsageError
        from bisector.hunt.ground import Ground

        if self.is_empty:
            raise UsageError(
                "no hunt named, and no hunt.yaml here or above; use --config FILE, or options such as --good "
                "and --test"
            )
        path = hunt_file.find(self.config, Path.cwd()) if self.config is not None else None
        hunt = hunt_file.load(path) if path else None
        if hunt:
            return Ground(hunt_file.build(self.values, Path.cwd(), hunt), path, os.environ)
        values = _named(in_current_folder(self.values))
        ground = Ground(hunt_file.build(values, Path.cwd(), None), None, os.environ)
        scripts = [] if in_place else scripts_to_bring(ground.hunt, ground.repository)
        if not scripts or "overlay" in values:
            return ground
        return Ground(hunt_file.build({**values, "overlay": scripts}, Path.cwd(), None), None, os.environ)


def _named(values: dict[str, object]) -> dict[str, object]:
    """`values` with a name for the hunt, from its test command, unless the user chose one."""
    from bisector.probe.hunt_name import hunt_name

    command = values.get("test.command", values.get("test"))
    return {"hunt": hunt_name(command), **values} if isinstance(command, str) else values


def _options(
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            help="Hunt file: a path, or the name of one in configs/ (default: hunt.yaml here or above).",
            rich_help_panel=_HUNT,
            autocompletion=completion.hunt_files,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the hunt (default: after the hunt file, or the test command).",
            rich_help_panel=_HUNT,
        ),
    ] = None,
    repo: Annotated[
        str | None,
        typer.Option(help="Path of the git repository (default: the current folder).", rich_help_panel=_HUNT),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Set any key of the hunt file, for example build.folder=src. Repeatable.",
            rich_help_panel=_HUNT,
        ),
    ] = None,
    scratch: Annotated[
        str | None,
        typer.Option(help="Folder for worktrees, built artefacts and the journal.", rich_help_panel=_HUNT),
    ] = None,
    good: Annotated[
        list[str] | None,
        typer.Option(
            help="A revision without the regression, or `auto` to search for one. Repeatable.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    bad: Annotated[
        str | None,
        typer.Option(help="A revision with the regression (default: HEAD).", rich_help_panel=_RANGE),
    ] = None,
    old: Annotated[
        list[str] | None,
        typer.Option(
            help="The older end, instead of --good (with --fixed, instead of --bad).", rich_help_panel=_RANGE
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Option(
            help="The newer end, instead of --bad (with --fixed, instead of --good). Default: HEAD.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    fixed: Annotated[
        bool | None,
        typer.Option(
            "--fixed",
            help="Find the commit that made it work again: --bad is older than --good (default: HEAD).",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    every: Annotated[
        bool | None,
        typer.Option(
            "--all",
            help="Find every step of the range: regressions, fixes, and regressions that come back.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    term_old: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="Word for commits like the older end, such as `slow`; for git bisect too.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    term_new: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="Word for commits like the newer end, such as `fast`.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Oldest revision that `--good auto` tries.", rich_help_panel=_RANGE)
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option(help="Consider only commits that touch this path. Repeatable.", rich_help_panel=_RANGE),
    ] = None,
    first_parent: Annotated[
        bool | None,
        typer.Option(
            "--first-parent",
            help="Follow only the first parent of merges, as `git bisect --first-parent` does.",
            rich_help_panel=_RANGE,
        ),
    ] = None,
    build: Annotated[
        str | None, typer.Option(help="Command that builds a commit.", rich_help_panel=_WORK)
    ] = None,
    build_timeout: Annotated[
        str | None, typer.Option(help="Time limit for a build, for example 20m.", rich_help_panel=_WORK)
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="Command that tests a commit.", rich_help_panel=_WORK)
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Time limit for a test, for example 600s.", rich_help_panel=_WORK)
    ] = None,
    memory: Annotated[
        str | None, typer.Option(help="Memory limit for a test, for example 8GiB.", rich_help_panel=_WORK)
    ] = None,
    predicate: Annotated[
        str | None,
        typer.Option(
            help="Predicate that judges a test; `bisector predicates` lists them.",
            rich_help_panel=_JUDGING,
            autocompletion=completion.predicates,
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Probability that the answer must reach, for example 0.99.", rich_help_panel=_JUDGING
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Stop after this much time, for example 50m.", rich_help_panel=_JUDGING)
    ] = None,
    probes: Annotated[
        int | None, typer.Option(help="Stop after this many commits.", rich_help_panel=_JUDGING)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Number of probes to run in parallel.", rich_help_panel=_JUDGING)
    ] = None,
    progress_log: Annotated[
        str | None,
        typer.Option(help="Markdown file to which the conclusion is added.", rich_help_panel=_JUDGING),
    ] = None,
) -> Chosen:
    """Collect the options; an omitted option leaves the hunt file's value."""
    from bisector.hunt_file import setting

    given: dict[str, object] = {
        "hunt": name,
        "repository": repo,
        "scratch": scratch,
        "good": good or None,
        "bad": bad,
        "old": old or None,
        "new": new,
        "find": _find(fixed=bool(fixed), every=bool(every)),
        "terms.old": term_old,
        "terms.new": term_new,
        "since": since,
        "paths": path or None,
        "first_parent": first_parent,
        "build.command": build,
        "build.timeout": build_timeout,
        "test.command": test,
        "test.timeout": timeout,
        "test.memory": memory,
        "predicate": predicate,
        "confidence": confidence,
        "budget.time": time,
        "budget.probes": probes,
        "jobs": jobs,
        "progress_log": progress_log,
    }
    values = {key: value for key, value in given.items() if value is not None}
    return Chosen(config, {**values, **dict(setting(text) for text in settings or [])})


def _find(*, fixed: bool, every: bool) -> str | None:
    if fixed and every:
        from bisector.errors import UsageError

        raise UsageError("--all finds fixes too; leave --fixed out, or look for the one fix without --all")
    return "fix" if fixed else "all" if every else None


def takes_hunt(command: Callable[..., Any]) -> Callable[..., Any]:
    """Replace the first parameter of `command(chosen, ...)` by the options that name a hunt."""
    shared = _shared()
    own = _parameters(command)[1:]

    @functools.wraps(command)
    def wrapper(**given: Any) -> Any:
        from bisector.cli.usual_file import with_usual_file

        chosen = _options(**{option.name: given.pop(option.name) for option in shared})
        return command(with_usual_file(chosen, quiet=bool(given.get("quiet"))), **given)

    parameters = [*shared, *own]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    del wrapper.__wrapped__
    return wrapper


@functools.cache
def _shared() -> list[inspect.Parameter]:
    return _parameters(_options)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function, keyword-only and with evaluated annotations."""
    parameters = inspect.signature(function, eval_str=True).parameters.values()
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
