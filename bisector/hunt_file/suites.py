"""The section `suites`: how a test reports what passed, in its output or in a scoreboard file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from bisector.hunt_file.fields import Kind, Target
from bisector.hunt_file.overlay import Section
from bisector.pattern import Bounded


def _regex(*groups: str) -> AfterValidator:
    """A check that a text is a regular expression with these named groups."""

    def check(text: str) -> str:
        try:
            known = Bounded(text).groups
        except ValueError as error:
            raise ValueError(f"{text[:100]!r} is not a regular expression ({error}); fix it") from error
        missing = [group for group in groups if group not in known]
        if missing:
            name = missing[0]
            raise ValueError(f"{text[:100]!r} has no group '{name}'; add (?P<{name}>...)")
        return text

    return AfterValidator(check)


class Suites(Section):
    """How to read from a test what passed, suite by suite, for `quantify` and `verify`."""

    pattern: Annotated[str, _regex("suite", "passed", "total"), Kind("regular expression")] = Field(
        default=r"^\s*(?:(?P<suite>[A-Za-z][\w. -]*?)\s*:?\s+)?(?P<passed>\d+)\s*/\s*(?P<total>\d+)(?![\w/])",
        description="Regular expression for the line of a suite, with the groups `suite`, `passed`, "
        "`total`, and `seconds` if the script prints them. A suite called `total`, or without a name, "
        "is the sum of the others.",
    )
    failed: Annotated[str, _regex("test"), Kind("regular expression")] = Field(
        default=r"^\W*(?:FAIL(?:ED)?|fail(?:ed)?|not ok)\b[\s:-]*(?:\d+[\s:-]+)?"
        r'(?P<test>[^\s:,"]*[A-Za-z][^\s:,"]*)',
        description="Regular expression for a line that names a failed test, in the group `test`.",
    )
    scoreboard: Target | None = Field(
        default=None,
        description="JSON file in the repository that the test writes. If it does, the suites come from "
        "this file instead of the output.",
        examples=["lib/erlang/scoreboard.json"],
    )
    baseline: Target | None = Field(
        default=None,
        description="JSON file in the repository, as of bad, to compare a fix with. Default: what the "
        "test reports at good.",
        examples=["lib/guest/baseline/erlang.json"],
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns whose matches must be kept."""
        return (self.pattern, self.failed)
