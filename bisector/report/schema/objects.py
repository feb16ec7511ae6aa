"""What the other commands print with `--json`, and the union of all objects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from bisector.report.schema.hunts import Conclusion, Premise, Run, Targets, documented

_with_more = with_config(ConfigDict(use_attribute_docstrings=True, extra="allow"))
"""For objects with keys that the schema does not list."""


@documented
class Probe(TypedDict):
    """The verdict on one commit (`probe`)."""

    schema: Literal["probe/1"]
    commit: str
    verdict: str
    """The hunt's word: `good`, `bad`, or that of its own terms; or `untestable`."""
    why: str
    readings: int
    taken: int
    """Readings that this command took; the others were in the journal."""


@documented
class StatusRow(TypedDict):
    """One hunt in the journal."""

    hunt: str
    """Its name."""
    good: Any
    """The old endpoints, as the hunt file has them."""
    bad: Any
    started: str
    """ISO 8601, with the UTC offset."""
    finished: str | None
    readings: int
    commits: int
    """Commits that were read."""
    state: str
    """`running`, `stopped`, or the conclusion as in `run/1`."""
    key: str
    within: str | None
    """The key of the hunt from whose answer this one leads down."""


@documented
class Status(TypedDict):
    """The hunts in the journal, newest first (`status`)."""

    schema: Literal["status/1"]
    hunts: list[StatusRow]


ReadingRow = TypedDict(
    "ReadingRow",
    {
        "number": int,
        "commit": str,
        "for": Literal["premise", "merge base", "search", "confirmation", "verification"],
        "verdict": Literal["good", "bad", "untestable", "no verdict"],
        "value": float | None,
        "why": str,
        "at": str,
        "shared": str | None,
    },
)


@documented
class Untestable(TypedDict):
    """A commit that is known to be untestable without a reading."""

    commit: str
    why: str


@documented
class Readings(TypedDict):
    """The readings of a hunt (`forget --list`)."""

    schema: Literal["readings/1"]
    hunt: str
    readings: list[ReadingRow]
    untestable: list[Untestable]


@documented
class Forgotten(TypedDict):
    """The readings that were taken back (`forget`)."""

    schema: Literal["forget/1"]
    hunt: str
    readings: list[ReadingRow]
    untestable: list[str]
    conclusion: Conclusion | None
    """The conclusion that no longer holds."""
    next: str


@documented
class Ability(TypedDict):
    """One thing that this machine can do, or not."""

    name: str
    state: Literal["there", "limited", "absent", "stops"]
    found: str
    means: str
    mend: str


@documented
class Doctor(TypedDict):
    """What this machine can do (`doctor`)."""

    schema: Literal["doctor/1"]
    can_run: bool
    abilities: list[Ability]


@documented
class Imported(TypedDict):
    """What was taken from a `git bisect` session (`import`)."""

    schema: Literal["import/1"]
    taken: dict[str, str]
    """The verdict on each commit."""
    known: int
    outside: int
    candidates: int
    candidates_left: int
    next: str


@documented
class Plan(TypedDict):
    """The entries of a plan file (`plan`)."""

    schema: Literal["plan/1"]
    file: str
    written: list[str]
    known: int


@documented
class Predicate(TypedDict):
    """A predicate with the JSON Schema of its options."""

    description: str | None
    paired: bool
    options: dict[str, Any]


@documented
class Predicates(TypedDict):
    """The predicates by name (`predicates`)."""

    schema: Literal["predicates/1"]
    predicates: dict[str, Predicate]


@documented
class Trial(TypedDict):
    """An endpoint as the trial of `init` saw it; memory in bytes."""

    revision: str
    commit: str
    runs: int
    bad_runs: int
    build: float
    wall: float | None
    user: float | None
    peak_memory: int | None
    exit: int | None
    judgement: str
    why: str


Init = TypedDict(
    "Init",
    {
        "schema": Literal["init/1"],
        "hunt_file": str,
        "system": str,
        "for": str,
        "works": bool,
        "begins": bool | None,
        "trial": Trial | None,
        "good": Trial | None,
        "rejected": Trial | None,
        "notes": list[str],
        "next": list[str],
    },
)


@documented
class Prospect(TypedDict):
    """The prediction for a commit before its test; `bits` is the expected information."""

    bad: float
    untestable: float
    bits: float


@documented
class Belief(TypedDict):
    """The belief at one moment."""

    candidates: float
    """Effective number: 2 to the entropy of the posterior."""
    likeliest: str
    probability: float


ExplainedStep = TypedDict(
    "ExplainedStep",
    {
        "commit": str,
        "for": Literal["premise", "merge base", "search", "level", "doubted", "confirmation"],
        "readings": int,
        "judgement": Literal["good", "bad", "untestable", "undecided", "measured"],
        "prospect": Prospect | None,
        "before": Belief | None,
        "after": Belief | None,
        "words": str,
    },
)


@documented
class Explanation(TypedDict):
    """Why each commit was tested (`explain`)."""

    schema: Literal["explain/1"]
    phase: Literal["explain"]
    hunt: str
    title: str
    markdown: str
    exit_code: int
    candidates: int
    distinct: int
    """Candidates that differ from their parents in a declared input."""
    conclusion: Conclusion | None
    steps: list[ExplainedStep]


@_with_more
class Phase(TypedDict):
    """The result of a command around the hunt, with keys of its own beside these."""

    schema: Literal[
        "alarm/1",
        "compare/1",
        "deadlines/1",
        "diagnose/1",
        "inputs/1",
        "quantify/1",
        "signals/1",
        "verify/1",
        "watchdog/1",
    ]
    phase: str
    hunt: str
    title: str
    """One line of plain text."""
    markdown: str
    exit_code: int


AnyObject = Annotated[
    Run
    | Premise
    | Targets
    | Probe
    | Status
    | Readings
    | Forgotten
    | Doctor
    | Imported
    | Plan
    | Predicates
    | Init
    | Explanation
    | Phase,
    Field(discriminator="schema"),
]
