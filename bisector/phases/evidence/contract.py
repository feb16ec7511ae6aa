"""The contract for collectors of evidence, the plug-ins of `bisector diagnose`.

A collector gathers *figures* (numbers by name) at one of two commits that are built in separate slots:
the first bad one and its parent. It declares

* `name`, which a hunt file and `--evidence` use;
* `Options`, a pydantic model of its keys in a hunt file (`runs` is always one of them);
* `collect`, called for each run of each side. Figures that are the same in every run (`exact`) are
  gathered once, others several times, alternating between the sides.

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
    """Raised if evidence cannot be gathered; the message is one clause with the reason and the fix."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one run of one side."""

    figures: Mapping[str, float]
    exact: bool = True
    """Whether another run would give the same figures and is not needed."""
    notes: tuple[str, ...] = ()
    """Notes to show with the figures."""


class Side(Protocol):
    """One of the two commits, built in its own slot."""

    @property
    def commit(self) -> str:
        """Its full id."""

    @property
    def against(self) -> str:
        """The id of the commit that it is compared with; empty for that commit itself."""

    @property
    def root(self) -> Path:
        """The top of the slot's work tree."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The paths of the declared outputs of the build."""

    @property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """The declared inputs of `build` and `test`, if any."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of builds and tests."""

    @property
    def room(self) -> Path:
        """A folder in the slot for files that a tool writes; initially empty, deleted after `collect`."""

    def run(
        self,
        command: str | tuple[str, ...] | None = None,
        *,
        under: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        patterns: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Run:
        """Run the hunt's test, or `command` instead, under the test's limits.

        `under` are words that precede the command (`strace -c`), `environment` additional variables,
        `patterns` regular expressions of output lines to keep in `Run.matches`, and `timeout` replaces the
        test's own (seconds). Raises `Unavailable` if the run does not end by itself, since its figures are
        then incomplete.

        The test starts from the built state, without files of earlier runs. Changes that `command` makes stay
        for later runs of this `collect` and are undone at its end.
        """

    def git(self, *arguments: str) -> str:
        """The output of `git ARGUMENTS` in the repository."""


class CollectorOptions(Options):
    """Base of every collector's options."""

    runs: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Runs of each side, alternating. Default: one if the figures are exact, otherwise a few.",
    )


OptionsT = TypeVar("OptionsT", bound=CollectorOptions)


class Collector(ABC, Generic[OptionsT]):
    """Base of every collector; one object serves both sides and all runs, so it must not keep state of a
    run.
    """

    name: ClassVar[str]
    Options: ClassVar[type[CollectorOptions]] = CollectorOptions
    runs: ClassVar[int] = 6
    """Runs of each side if the figures are not exact. The range of six covers their median at 97%
    (1 - 2^-5, by the sign test)."""
    absent: ClassVar[float | None] = None
    """The value of a figure that only the other side has; None if unknown."""
    by_default: ClassVar[bool] = True
    """Whether it runs if neither the hunt file nor the command line names collectors."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @property
    def overlay(self) -> tuple[Overlay, ...]:
        """Overlay changes for both commits, after the hunt's own, with which they are built for this
        collector.
        """
        return ()

    @abstractmethod
    def collect(self, side: Side) -> Evidence:
        """The figures of one run of one side; raises `Unavailable` if there are none."""


def require(tool: str, environment: Mapping[str, str]) -> str:
    """The path of a tool; raises `Unavailable` if it is not installed."""
    found = shutil.which(tool, path=environment.get("PATH"))
    if found is None:
        raise Unavailable(f"it needs `{tool}`, which is not on PATH; install it")
    return found


def counted(matches: Sequence[Match], pattern: Pattern[str]) -> dict[str, float]:
    """Sum the numbers in matched lines by name.

    The name and the number are the groups `name` and `value` of `pattern`, or its first and second group.
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
