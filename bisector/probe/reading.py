"""The results of probes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from bisector.predicate import Judgement, Run


class Role(Enum):
    """The purpose of a reading."""

    PREMISE = "premise"
    MERGE_BASE = "merge base"
    SEARCH = "search"
    CONFIRMATION = "confirmation"
    VERIFICATION = "verification"
    """Of a fix, for `bisector verify`; a hunt does not use it."""


class BuildKind(Enum):
    """How a commit was built."""

    NONE = "none"
    """It was already built in the slot, or the hunt has no build."""
    RESTORED = "restored"
    INCREMENTAL = "incremental"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Reading:
    """One judged run of one commit (for a paired predicate: of one pair). Times in seconds."""

    commit: str
    role: Role
    judgement: Judgement
    at: datetime
    run: Run | None = None
    """None if the commit did not reach its test."""
    reference: Run | None = None
    build_seconds: float = 0.0
    log: Path | None = None
    against: str = ""
    """The commit whose build was the reference of a paired reading; empty if unpaired."""
    digest: str = ""
    """SHA-256 of the built outputs; empty if the hunt declares none."""
    reference_digest: str = ""
    build: BuildKind = BuildKind.NONE
    shared: str = ""
    """The commit with an identical build whose run this is; empty if the commit itself ran."""
    about: str = ""
    """The commit being confirmed, even if this reading is of one of its parents."""
    clean: bool = False
    """Whether everything that ran was built clean from the whole tree; True if the hunt has no build."""
    fix_ups: str = ""
    """The changes of the overlay without which the commit does not build; empty for none."""


@dataclass(frozen=True, slots=True)
class KnownUntestable:
    """A commit known to be untestable without a reading: a prefetched build failed, or `skip` names it."""

    commit: str
    why: str
    at: datetime
    seconds: float = 0.0
    """The time its failed builds took."""
