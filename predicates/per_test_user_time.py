"""User time per test, against the good endpoint's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Ending, Run

from .figures import RatioOptions, RatioPredicate
from .totals import PASSED_OF_TOTAL, number_in

MORE_TESTS = 1.25
"""How many times the tests of the larger endpoint a commit between them may have."""


class PerTestUserTimeOptions(RatioOptions):
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
    untestable, since its time is unknown (`no_oom` hunts for that).
    """

    name = "per_test_user_time"
    of = " of user time per test"
    Options = PerTestUserTimeOptions
    bad_endings = frozenset({Ending.TIMEOUT})

    @property
    def patterns(self) -> tuple[str, ...]:
        """The line that counts the tests."""
        return (self.options.tests.pattern,)

    @property
    def missing(self) -> str:
        """No total, or a total of none."""
        return "used no user time or said nowhere that any test ran"

    def figure(self, run: Run) -> float | None:
        """Seconds per test."""
        total = self._tests(run)
        return run.user / total if total > 0 else None

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Seconds per test, if there are even more tests than at the endpoints."""
        most = max(map(self._tests, ends), default=0.0) * MORE_TESTS
        return run.user / max(most, self._tests(run)) if most > 0 else None

    def _tests(self, run: Run) -> float:
        """How many tests ran, none where the run does not say it."""
        pattern = self.options.tests
        return number_in(run.matches.get(pattern.pattern, ()), pattern, "total") or 0.0

    def say(self, figure: float) -> str:
        """In milliseconds."""
        return f"{figure * 1000:.3g} ms"
