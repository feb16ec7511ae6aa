"""What is known of one hunt: all that reports need, derived from the journal and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from bisector.hunt.conclusion import Conclusion, Effect
from bisector.predicate import Judgement, Run


class Role(Enum):
    """What a reading was taken for."""

    PREMISE = "premise"
    MERGE_BASE = "merge base"
    SEARCH = "search"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Reading:
    """One judged run of one commit (for a paired predicate: of one pair). Times in seconds."""

    commit: str
    role: Role
    judgement: Judgement
    at: datetime
    run: Run | None = None
    """None where the commit did not get as far as its test."""
    reference: Run | None = None
    build_seconds: float = 0.0
    log: Path | None = None
    against: str = ""
    """The commit whose build was the reference of a paired reading; empty for an unpaired one."""


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What a person wants to see of a commit."""

    id: str
    parents: tuple[str, ...]
    subject: str
    author: str
    date: datetime

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits of the id."""
        return self.id[:12]


@dataclass(frozen=True)
class HuntRecord:
    """One hunt, finished or not."""

    name: str
    repository: Path
    good: Sequence[CommitInfo]
    bad: CommitInfo
    predicate: str
    commits: Mapping[str, CommitInfo]
    """Every candidate, good endpoint and parent of a candidate, by full id."""
    candidates: Sequence[str]
    """Full ids in topological order, parents first; the last one is bad."""
    readings: Sequence[Reading]
    conclusion: Conclusion | None
    premise: Effect | None = None
    posterior: Mapping[str, float] = field(default_factory=dict)
    """Probability that a candidate is the first bad commit, by full id; candidates at zero may be missing."""
    started: datetime | None = None
    finished: datetime | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
    """Facts of the machine for the foot of a report, such as `cpu`, `cores`, `memory`, `kernel`."""
    reproduce: str = ""
    """The shell command that runs this hunt again."""

    @property
    def probes(self) -> int:
        """How many different commits were laid out for the search (endpoints and confirmation not counted)."""
        return len({r.commit for r in self.readings if r.role in (Role.SEARCH, Role.MERGE_BASE)})
