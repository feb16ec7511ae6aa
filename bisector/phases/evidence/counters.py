"""Counters that the program prints, or that a patch adds to it."""

from __future__ import annotations

import re
from re import Pattern
from typing import TypeVar

from pydantic import Field, field_validator

from bisector.hunt_file.fields import Command, LocalPath
from bisector.hunt_file.overlay import Overlay, Patch

from .contract import Collector, CollectorOptions, Evidence, Side, Unavailable, counted


class CountersOptions(CollectorOptions):
    """Options of `counters`."""

    pattern: Pattern[str] = Field(
        re.compile(r"^counter (?P<name>\S+) (?P<value>[0-9.]+)$"),
        description="Regular expression for the line of a counter: its name in the group `name` or the "
        "first group, its number in the group `value` or the second. Numbers of the same name are added "
        "up.",
    )
    command: Command | None = Field(None, description="Command to run instead of the test.")

    @field_validator("pattern")
    @classmethod
    def _has_groups(cls, pattern: Pattern[str]) -> Pattern[str]:
        if pattern.groups < 2:
            raise ValueError(
                "the pattern needs a group for the name and one for the number, "
                r"such as '^counter (\S+) (\d+)'"
            )
        return pattern


CountersOptionsT = TypeVar("CountersOptionsT", bound=CountersOptions)


class CountersOf(Collector[CountersOptionsT]):
    """Base of the collectors that read counters from the test's output."""

    def collect(self, side: Side) -> Evidence:
        """Run the test and read its counters."""
        pattern = self.options.pattern
        run = side.run(self.options.command, patterns=(pattern.pattern,))
        figures = counted(run.matches[pattern.pattern], pattern)
        if not figures:
            raise Unavailable(f"the test printed no counter that matches {pattern.pattern!r}")
        return Evidence(figures)


class Counters(CountersOf[CountersOptions]):
    """Counters that the program prints, such as `counter jit-compiles 129`; each becomes a figure."""

    name = "counters"
    Options = CountersOptions


class PatchedCountersOptions(CountersOptions):
    """Options of `patched_counters`."""

    patch: LocalPath = Field(
        description="Patch that adds the counters, relative to the hunt file. It is applied to both commits."
    )


class PatchedCounters(CountersOf[PatchedCountersOptions]):
    """Counters that a patch adds to both commits, which are built with it for this collector only."""

    name = "patched_counters"
    Options = PatchedCountersOptions
    by_default = False

    @property
    def overlay(self) -> tuple[Overlay, ...]:
        """The patch."""
        return (Patch(patch=self.options.patch),)
