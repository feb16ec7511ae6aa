"""A number that the program prints, compared with the good endpoint."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from re import Pattern

from pydantic import Field, field_validator

from bisector.pattern import Regex
from bisector.predicate import Run

from .figures import PrintedOptions, RatioPredicate
from .totals import number_in


class CounterOptions(PrintedOptions):
    """Options of `counter`."""

    pattern: Regex = Field(
        re.compile(r"allocated_words:\s*(?P<value>\d+)"),
        description="Regular expression for the line with the number, in the group `value` or the last "
        "group. By default all words that an OCaml program allocated, which it prints at its end with "
        "OCAMLRUNPARAM=v=0x400.",
    )
    sum: bool = Field(
        False,
        description="Whether to add up the numbers of all such lines, for a script that runs the "
        "program several times. By default the last one counts.",
    )

    @field_validator("pattern")
    @classmethod
    def _has_a_group(cls, pattern: Pattern[str]) -> Pattern[str]:
        if not pattern.groups:
            raise ValueError("the pattern needs a group around the number, such as `words: (\\d+)`")
        return pattern


class Counter(RatioPredicate[CounterOptions]):
    """A number that grows with the work done, such as words allocated or instructions executed.

    Other work on the machine hardly changes counters, and many are the same in every run. A test that fails
    where the good endpoint's succeeds is untestable; add `|| true` if its exit code means nothing.
    """

    name = "counter"
    is_printed = True
    Options = CounterOptions

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line with the number."""
        return (self.options.pattern.pattern,)

    @property
    def missing(self) -> str:
        """The line is missing or has no positive number."""
        return f"printed no positive number that matches {self.options.pattern.pattern!r}"

    def figure(self, run: Run) -> float | None:
        """The number as printed, or the sum of all; None if one of them is not a number."""
        pattern = self.options.pattern
        matches = run.matches.get(pattern.pattern, ())
        counted = matches if self.options.sum else matches[-1:]
        numbers = [number_in([match], pattern, "value") for match in counted]
        known = [number for number in numbers if number is not None]
        return math.fsum(known) if len(known) == len(numbers) else None

    def is_exact(self, run: Run, other: Run) -> bool:
        """A number of four digits or more that is the same in both."""
        return self.has_same_digits(run, other)

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """The sum so far, which only grows unless a number is negative; None for the last number alone."""
        matches = run.matches.get(self.options.pattern.pattern, ()) if self.options.sum else ()
        numbers = [number_in([match], self.options.pattern, "value") or 0.0 for match in matches]
        return math.fsum(numbers) if min(numbers, default=-1.0) >= 0 else None

    def say(self, figure: float) -> str:
        """A plain number."""
        return f"a count of {figure:,.6g}"
