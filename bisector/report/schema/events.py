"""The lines that `run --events` prints, in the order in which a hunt can print them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from bisector.report.schema.hunts import Conclusion, Likely, Run, Targets, documented

_Purpose = Literal["premise", "merge base", "search", "confirmation", "verification"]
_Judgement = Literal["good", "bad", "untestable", "undecided", "measured"]


@documented
class _Line(TypedDict):
    schema: Literal["events/1"]
    at: str
    """ISO 8601, in UTC."""


@documented
class Began(_Line):
    """The range is known. A way down from an answer, and `--all`, begin several hunts in turn."""

    event: Literal["began"]
    good: list[str]
    bad: str
    candidates: int
    """Commits that may be the answer and differ in a declared input."""
    range: int
    """All commits of the range."""
    readings: int
    """Readings that an earlier start took."""


_Next = TypedDict("_Next", {"event": Literal["next"], "commit": str, "for": _Purpose})


@documented
class Next(_Line, _Next):
    """The commit that is tested next, and for what."""


@documented
class Step(_Line):
    """A slot began to build or test a commit."""

    event: Literal["step"]
    commit: str
    step: Literal[
        "checking out",
        "setting up",
        "building",
        "building clean",
        "prefetching",
        "testing",
        "testing the reference",
        "warming up",
        "waiting to retry",
        "waiting for a quiet machine",
        "repeating an unfair run",
        "done",
    ]
    detail: str
    """Why, if that is not obvious; else empty."""


_Read = TypedDict(
    "_Read",
    {
        "event": Literal["reading"],
        "commit": str,
        "for": _Purpose,
        "judgement": _Judgement,
        "value": float | None,
        "why": str,
        "against": str | None,
        "shared": str | None,
        "build_seconds": float,
        "wall": float | None,
        "target": str | None,
    },
)


@documented
class Reading(_Line, _Read):
    """A judged run of one commit is in the journal. `value` is the ratio to the run of `against`.

    `shared` is the commit with an identical build whose run it is. `wall` is null if the commit did not reach
    its test. With several targets, each target that the run was judged for has a line of its own.
    """


@documented
class Outlook(_Line):
    """What is left to do."""

    event: Literal["outlook"]
    candidates_left: int
    probes_left: float | None
    seconds_left: float | None
    likeliest: list[Likely]
    """At most five candidates; empty before the search."""


@documented
class Note(_Line):
    """Something to know that is no error."""

    event: Literal["note"]
    text: str


@documented
class Concluded(_Line):
    """One hunt is over, or that of one target. The answer of the whole is in `result`."""

    event: Literal["concluded"]
    conclusion: Conclusion
    target: str | None


@documented
class Result(_Line):
    """The last line: the object that `run --json` prints."""

    event: Literal["result"]
    exit_code: int
    result: Run | Targets


@documented
class Failed(_Line):
    """The last line of a start without a result."""

    event: Literal["failed"]
    exit_code: int
    why: str


AnyEvent = Annotated[
    Began | Next | Step | Reading | Outlook | Note | Concluded | Result | Failed,
    Field(discriminator="event"),
]
