"""The contract that collectors of evidence (the plug-ins of `bisector diagnose`) are written against.

A collector gathers *figures*, numbers by name, at one of two commits that are built and laid out side by
side: the first bad one and its parent. It declares

* `name`, by which a hunt file and `--evidence` name it;
* `Options`, a pydantic model of what may stand beside the name in a hunt file (with `runs` in any case);
* `collect`, called once for each run of each side; figures that are the same in every run (`exact`) are
  gathered once, others several times, both sides in turn.

All times are in seconds, all sizes in bytes.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from re import Pattern
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import Field

from bisector.hunt_file.overlay import Overlay
from bisector.predicate import Match, Options, Run


class Unavailable(Exception):
    """Raised where evidence cannot be gathered; the text is one clause that says why, and the mend."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen in one run of one side."""

    figures: Mapping[str, float]
    exact: bool = True
    """Whether another run would give the same figures, so that none is needed."""
    notes: tuple[str, ...] = ()
    """Lines for people beside the figures."""


class Side(Protocol):
    """One of the two commits, built in a slot that nobody else uses meanwhile."""

    @property
    def commit(self) -> str:
        """Its full id."""

    @property
    def against(self) -> str:
        """The id of the commit that it is compared with; empty at that commit itself."""

    @property
    def root(self) -> Path:
        """The top of the slot's work tree."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """What the hunt file declares as outputs of the build."""

    @property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """`build` and `test` with the inputs that the hunt file declares for them, where it does."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that builds and tests see."""

    @property
    def room(self) -> Path:
        """A folder in the slot for what a tool writes; empty at first, gone after `collect`."""

    def run(
        self,
        command: str | tuple[str, ...] | None = None,
        *,
        under: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        patterns: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Run:
        """Run the hunt's test, or `command` in its place, under its limits.

        `under` are words of a tool put before it (`strace -c`), `environment` variables on top of the
        usual ones, `patterns` the regular expressions of the output lines to keep in `Run.matches`,
        `timeout` seconds in place of the test's own. Raises `Unavailable` for a run that did not come to
        an end by itself, since its figures are not whole.

        The test starts from what was built, without what a run before it has left. What `command` changes
        is there for later runs of this `collect`, and undone at its end.
        """

    def git(self, *arguments: str) -> str:
        """What `git ARGUMENTS` prints in the repository."""


class CollectorOptions(Options):
    """Base of every collector's options."""

    runs: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Runs of each side, in turn. Default: one if the figures are exact, otherwise a few.",
    )


OptionsT = TypeVar("OptionsT", bound=CollectorOptions)


class Collector(ABC, Generic[OptionsT]):
    """Base of every collector; one object serves both sides and all runs, so it keeps no state of a run."""

    name: ClassVar[str]
    Options: ClassVar[type[CollectorOptions]] = CollectorOptions
    runs: ClassVar[int] = 6
    """Runs of each side where the figures are not exact. The range of six covers their median at 97%
    (1 - 2^-5, by the sign test)."""
    absent: ClassVar[float | None] = None
    """What a figure counts as that only the other side has; None where that is not known."""
    by_default: ClassVar[bool] = True
    """Whether it is asked where neither the hunt file nor the command line names collectors."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def overlay(self) -> tuple[Overlay, ...]:
        """Changes laid over both commits, after the hunt's own, before they are built for this collector."""
        return ()

    @abstractmethod
    def collect(self, side: Side) -> Evidence:
        """The figures of one run of one side; raises `Unavailable` where there can be none."""


def require(tool: str, environment: Mapping[str, str]) -> str:
    """The path of a tool; raises `Unavailable` where there is none."""
    found = shutil.which(tool, path=environment.get("PATH"))
    if found is None:
        raise Unavailable(f"it needs `{tool}`, which is not on PATH; install it")
    return found


def counted(matches: Sequence[Match], pattern: Pattern[str]) -> dict[str, float]:
    """The numbers of lines that hold a name and a number, added up by name.

    The groups `name` and `value` of `pattern`, or its first and second.
    """
    named = pattern.groupindex
    name_at, value_at = named.get("name", 1) - 1, named.get("value", 2) - 1
    totals: dict[str, float] = {}
    for match in matches:
        name, value = match.groups[name_at], match.groups[value_at]
        try:
            number = float((value or "").replace(",", "").replace("_", ""))
        except ValueError:
            continue
        if name:
            totals[name] = totals.get(name, 0.0) + number
    return totals
