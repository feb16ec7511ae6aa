"""Results of tests, whatever runner wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What a runner says of one test."""

    PASSED = "passed"
    FAILED = "failed"
    """Failed, or ended with an error."""
    SKIPPED = "was skipped"
    """Skipped, disabled, or expected to fail and failed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One result of one test; a test that runs several times has several."""

    name: str
    """The name that tells it from the other tests of its suite."""
    outcome: Outcome
    suite: str = ""
    """What the runner puts before the name where names repeat: a package, a target; with its separator."""

    @property
    def full(self) -> str:
        """The full name."""
        return self.suite + self.name


@dataclass(frozen=True, slots=True)
class Report:
    """All that a runner said.

    `passed` and `failed` are numbers of tests, also of such as it does not name. `finished` tells whether the
    runner came to its end, which its summary shows. `broken` names what it could not judge, such as a file
    that does not compile, each as a clause.
    """

    cases: Sequence[Case]
    passed: int
    failed: int
    finished: bool
    broken: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LineFormat:
    """A format of lines: `pattern` matches those that count, `read` reads them, in order."""

    pattern: str
    read: Callable[[Sequence[str]], Report]


def counted(cases: Sequence[Case], *, finished: bool, broken: Sequence[str] = ()) -> Report:
    """The report of a runner that names all tests."""
    outcomes = [case.outcome for case in cases]
    return Report(
        cases, outcomes.count(Outcome.PASSED), outcomes.count(Outcome.FAILED), finished, tuple(broken)
    )


def any_of(*patterns: re.Pattern[str]) -> str:
    """One pattern for a line that any of these matches, without groups, whose names would repeat."""
    return "|".join(re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern) for pattern in patterns)
