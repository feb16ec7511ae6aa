"""Whether a test failed, and whether two tests failed in the same way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Annotated

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Ends, Judgement, Run, Untestable

from .outcomes import how_it_ended

AUTO = "auto"
"""The value of `like` for the failure of the bad endpoint."""

LOOKED_AT = 4000
"""Characters at the end of the output in which the last error line is looked for: what the journal keeps, so
that a resumed hunt finds the same line."""

_SHOWN = 100

ExitCode = Annotated[int, Field(ge=0, le=255)]
_EXITS = "Exit codes of a test that ended normally. By default "

Exits = Annotated[
    tuple[ExitCode, ...] | None,
    Field(min_length=1, description=f"{_EXITS}0 and that of the good endpoint."),
]
"""The option `exits`; None for the default."""

ExitsOfWork = Annotated[
    tuple[ExitCode, ...] | None,
    Field(min_length=1, description=f"{_EXITS}0 alone: a test that fails may not have done its work."),
]
"""The same for a predicate that measures a run from outside, so that a crash has a figure too."""

Like = Annotated[
    Regex | None,
    Field(
        description="The failure that is bad: a regular expression that a line of a bad run matches, or "
        "`auto` for the failure of the bad endpoint (its ending, exit code, signal and last error line; "
        "numbers, addresses and folders do not count). Others are untestable. By default, all are bad.",
    ),
]
"""The option `like`; None for any failure."""


def why_failed(run: Run, exits: Sequence[int] | None, good: Run | None) -> str | None:
    """How a finished run failed, as a clause; None if it ended as `exits`, or else the `good` run, allows."""
    if run.ending is not Ending.EXITED or run.exit_code is None:
        return f"the test {how_it_ended(run)}" + (
            f"; the good endpoint's {how_it_ended(good)}" if good else ""
        )
    code = run.exit_code
    if exits is not None:
        return (
            None if code in exits else f"the test failed with exit code {code}, which `exits` does not list"
        )
    if code == 0 or (good is not None and code == good.exit_code):
        return None
    if good is None:
        return f"the test failed with exit code {code}; if that is a normal end, list it in predicate.exits"
    if good.ending is Ending.EXITED:
        return f"the test failed with exit code {code}, the good endpoint's with {good.exit_code}"
    return f"the test failed with exit code {code}; the good endpoint's {how_it_ended(good)}"


def only_like(judgement: Judgement, run: Run, like: Pattern[str] | None, ends: Ends) -> Judgement:
    """`judgement`, but untestable for a bad run whose failure is not the one that `like` names."""
    if like is None or not isinstance(judgement, Bad):
        return judgement
    if like.pattern != AUTO:
        if run.matches.get(like.pattern):
            return judgement
        return Untestable(f"another failure: no line matches {like.pattern!r}, and {judgement.why}")
    if ends.bad is None:
        return Untestable(f"the bad endpoint's failure is not known, and {judgement.why}")
    found, wanted = Signature.of(run), Signature.of(ends.bad)
    if found == wanted:
        return judgement
    return Untestable(f"another failure: {found}; the bad endpoint's: {wanted}")


def like_pattern(like: Pattern[str] | None) -> tuple[str, ...]:
    """The pattern that a predicate needs to find `like`."""
    return (like.pattern,) if like is not None and like.pattern != AUTO else ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one failure from another: how the test ended, and its last error line, `masked`."""

    ending: Ending | None
    exit_code: int | None
    signal: int | None
    line: str

    @classmethod
    def of(cls, run: Run) -> Signature:
        """The signature of a finished run; without an error line in its last output, the line is empty."""
        errors = (line for line in reversed(run.output[-LOOKED_AT:].splitlines()) if _ERROR.search(line))
        return cls(run.ending, run.exit_code, run.signal, masked(next(errors, "")))

    def __str__(self) -> str:
        """One clause without a full stop."""
        ended = (
            f"exit code {self.exit_code}"
            if self.exit_code is not None
            else f"signal {self.signal}"
            if self.signal is not None
            else self.ending.value
            if self.ending
            else "unfinished"
        )
        return f"{ended}, {self.line[:_SHOWN]!r}" if self.line else f"{ended}, without an error line"


_ERROR = re.compile(
    r"(?<![a-z])(?:error|exception|fatal|panic|panicked|assert\w*|fail|failed|failure|abort|aborted|crash|"
    r"crashed|bug|cannot|segmentation fault|sanitizer|traceback|terminate|terminated)(?![a-z])"
    r"|[a-z](?:Error|Exception|Failure)\b|AddressSanitizer",
    re.IGNORECASE,
)
"""Words of an error line, also as the end of a name such as `ValueError`."""

_MASKS: tuple[tuple[Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"0x[0-9a-fA-F]+"), "#"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "#"),
    (re.compile(r"(?<![\w.])/(?:[^\s/:'\"()<>]+/)+"), ""),
    (re.compile(r"\btmp[._-]?\w{6,}"), "tmp#"),
    (re.compile(r"(?<![\w])\d[\d.,:]*(?: ?(?:[munµ]?s|m|h|%|[kKMG]?i?B))?(?!\w)"), "#"),
    (re.compile(r"\s+"), " "),
)
"""What may differ between two runs that fail alike: colours, addresses, ids of commits, folders such as that
of the slot, names of temporary files, numbers with times and sizes among them, white space."""


def masked(line: str) -> str:
    """The line without what differs between two runs that fail alike."""
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return line.strip()
