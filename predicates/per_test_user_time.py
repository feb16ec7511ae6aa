"""User time per test, compared with the good endpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Ending, Run
from bisector.units import format_seconds

from .figures import PrintedOptions, RatioPredicate
from .totals import PASSED_OF_TOTAL, number_in

MORE_TESTS = 1.25
"""A commit may have up to this many times the tests of the larger endpoint."""


class PerTestUserTimeOptions(PrintedOptions):
    """Options of `per_test_user_time`."""

    tests: Regex = Field(
        re.compile(PASSED_OF_TOTAL),
        description="Regular expression for the line whose last occurrence has the number of tests, in "
        "the group `total` or the last group.",
    )


class PerTestUserTime(RatioPredicate[PerTestUserTimeOptions]):
    """User seconds of the whole process tree divided by the number of tests that ran.

    A growing test suite does not count as a regression, and other work on the machine hardly changes user
    time. A test that does not finish within the hunt's timeout is bad. A test killed at the memory limit is
    untestable, because its time is unknown (use `no_oom` to hunt for that).
    """

    name = "per_test_user_time"
    of = " of user time per test"
    needs_success = False  # The number of tests tells how far it got.
    Options = PerTestUserTimeOptions
    bad_endings = frozenset({Ending.TIMEOUT})

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line that counts the tests."""
        return (self.options.tests.pattern,)

    @property
    def missing(self) -> str:
        """No total, or a total of zero."""
        return (
            f"used no user time or did not report that any test ran: no line matches "
            f"{self.options.tests.pattern!r} with a number above zero; set `tests` to a regular expression "
            "for its line with the number of tests, or use `user_time`"
        )

    def figure(self, run: Run) -> float | None:
        """Seconds per test."""
        total = self._tests(run)
        return run.user / total if total > 0 else None

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Seconds per test, assuming more tests than at either endpoint."""
        most = max(map(self._tests, ends), default=0.0) * MORE_TESTS
        return run.user / max(most, self._tests(run)) if most > 0 else None

    def _tests(self, run: Run) -> float:
        """Number of tests that ran; 0 if the run does not report it."""
        pattern = self.options.tests
        return number_in(run.matches.get(pattern.pattern, ()), pattern, "total") or 0.0

    def say(self, figure: float) -> str:
        """In seconds or milliseconds."""
        return format_seconds(figure)
