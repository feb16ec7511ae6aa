"""The options that name a hunt, each with the key of the hunt file that it sets."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, get_type_hints

import typer

from bisector.cli import completion

_HUNT = "The hunt"
_RANGE = "Range"
_WORK = "Build and test"
_JUDGING = "Judging and stopping"


@dataclass(frozen=True, slots=True)
class Sets:
    """The dotted key of the hunt file that an option sets."""

    key: str


@dataclass(frozen=True)
class HuntOptions:
    """The options as given; None leaves the hunt file's value."""

    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            help="Hunt file: a path, or the name of one in configs/ (default: hunt.yaml here or above).",
            rich_help_panel=_HUNT,
            autocompletion=completion.hunt_files,
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the hunt (default: after the hunt file, or the test command).",
            rich_help_panel=_HUNT,
        ),
        Sets("hunt"),
    ] = None
    repo: Annotated[
        str | None,
        typer.Option(help="Path of the git repository (default: the current folder).", rich_help_panel=_HUNT),
        Sets("repository"),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Set any key of the hunt file, for example build.folder=src. Repeatable.",
            rich_help_panel=_HUNT,
        ),
    ] = None
    scratch: Annotated[
        str | None,
        typer.Option(help="Folder for worktrees, built artefacts and the journal.", rich_help_panel=_HUNT),
        Sets("scratch"),
    ] = None
    good: Annotated[
        list[str] | None,
        typer.Option(
            help="A revision without the regression, or `auto` to search for one. Repeatable.",
            rich_help_panel=_RANGE,
        ),
        Sets("good"),
    ] = None
    bad: Annotated[
        str | None,
        typer.Option(help="A revision with the regression (default: HEAD).", rich_help_panel=_RANGE),
        Sets("bad"),
    ] = None
    old: Annotated[
        list[str] | None,
        typer.Option(
            help="The older end, instead of --good (with --fixed, instead of --bad).", rich_help_panel=_RANGE
        ),
        Sets("old"),
    ] = None
    new: Annotated[
        str | None,
        typer.Option(
            help="The newer end, instead of --bad (with --fixed, instead of --good). Default: HEAD.",
            rich_help_panel=_RANGE,
        ),
        Sets("new"),
    ] = None
    fixed: Annotated[
        bool | None,
        typer.Option(
            "--fixed",
            help="Find the commit that made it work again: --bad is older than --good (default: HEAD).",
            rich_help_panel=_RANGE,
        ),
    ] = None
    every: Annotated[
        bool | None,
        typer.Option(
            "--all",
            help="Find every step of the range: regressions, fixes, and regressions that come back.",
            rich_help_panel=_RANGE,
        ),
    ] = None
    no_descend: Annotated[
        bool | None,
        typer.Option(
            "--no-descend",
            help="Stop at the commit, even if it is a merge, or moves a submodule or a package.",
            rich_help_panel=_RANGE,
        ),
    ] = None
    narrow: Annotated[
        bool | None,
        typer.Option(
            "--narrow",
            help="Then find the smallest part of the commit that makes its parent bad, as a patch.",
            rich_help_panel=_RANGE,
        ),
    ] = None
    term_old: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="Word for commits like the older end, such as `slow`; for git bisect too.",
            rich_help_panel=_RANGE,
        ),
        Sets("terms.old"),
    ] = None
    term_new: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="Word for commits like the newer end, such as `fast`.",
            rich_help_panel=_RANGE,
        ),
        Sets("terms.new"),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(help="Oldest revision that `--good auto` tries.", rich_help_panel=_RANGE),
        Sets("since"),
    ] = None
    path: Annotated[
        list[str] | None,
        typer.Option(help="Consider only commits that touch this path. Repeatable.", rich_help_panel=_RANGE),
        Sets("paths"),
    ] = None
    first_parent: Annotated[
        bool | None,
        typer.Option(
            "--first-parent",
            help="Follow only the first parent of merges, as `git bisect --first-parent` does.",
            rich_help_panel=_RANGE,
        ),
        Sets("first_parent"),
    ] = None
    build: Annotated[
        str | None,
        typer.Option(help="Command that builds a commit.", rich_help_panel=_WORK),
        Sets("build.command"),
    ] = None
    build_timeout: Annotated[
        str | None,
        typer.Option(help="Time limit for a build, for example 20m.", rich_help_panel=_WORK),
        Sets("build.timeout"),
    ] = None
    test: Annotated[
        str | None,
        typer.Option(help="Command that tests a commit.", rich_help_panel=_WORK),
        Sets("test.command"),
    ] = None
    timeout: Annotated[
        str | None,
        typer.Option(help="Time limit for a test, for example 600s.", rich_help_panel=_WORK),
        Sets("test.timeout"),
    ] = None
    memory: Annotated[
        str | None,
        typer.Option(help="Memory limit for a test, for example 8GiB.", rich_help_panel=_WORK),
        Sets("test.memory"),
    ] = None
    predicate: Annotated[
        str | None,
        typer.Option(
            help="Predicate that judges a test; `bisector predicates` lists them.",
            rich_help_panel=_JUDGING,
            autocompletion=completion.predicates,
        ),
        Sets("predicate"),
    ] = None
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Probability that the answer must reach, for example 0.99.", rich_help_panel=_JUDGING
        ),
        Sets("confidence"),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(help="Stop after this much time, for example 50m.", rich_help_panel=_JUDGING),
        Sets("budget.time"),
    ] = None
    probes: Annotated[
        int | None,
        typer.Option(help="Stop after this many commits.", rich_help_panel=_JUDGING),
        Sets("budget.probes"),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(help="Number of probes to run in parallel.", rich_help_panel=_JUDGING),
        Sets("jobs"),
    ] = None
    progress_log: Annotated[
        str | None,
        typer.Option(help="Markdown file to which the conclusion is added.", rich_help_panel=_JUDGING),
        Sets("progress_log"),
    ] = None

    def values(self) -> dict[str, object]:
        """What the options set, by dotted key; --set wins."""
        from bisector.hunt_file import setting

        given = {key: getattr(self, name) for name, key in _keys()}
        self._require_one_name_for_each_end()
        given["find"] = _find(fixed=bool(self.fixed), every=bool(self.every))
        given["descend.follow"] = False if self.no_descend else None
        given["narrow"] = "auto" if self.narrow else None
        # An option that may be repeated is an empty list if it was not given.
        values = {key: value for key, value in given.items() if value is not None and value != []}
        return {**values, **dict(setting(text) for text in self.settings or [])}

    def _require_one_name_for_each_end(self) -> None:
        old, new = ("bad", "good") if self.fixed else ("good", "bad")
        for own, other in (("old", old), ("new", new)):
            if getattr(self, own) and getattr(self, other):
                from bisector.errors import UsageError

                raise UsageError(f"--{own} and --{other} name the same end; give one of them")


@functools.cache
def parameters() -> list[inspect.Parameter]:
    """The options as keyword-only parameters of a command."""
    hints = get_type_hints(HuntOptions, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(HuntOptions)
    ]


def _keys() -> Iterator[tuple[str, str]]:
    """Each option with the key that it sets, except those that only work together."""
    for parameter in parameters():
        for one in parameter.annotation.__metadata__:
            if isinstance(one, Sets):
                yield parameter.name, one.key


def _find(*, fixed: bool, every: bool) -> str | None:
    if fixed and every:
        from bisector.errors import UsageError

        raise UsageError("--all finds fixes too; leave --fixed out, or look for the one fix without --all")
    return "fix" if fixed else "all" if every else None
