"""What a probe saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from bisector.predicate import Judgement, Run


class Role(Enum):
    """What a reading was taken for."""

    PREMISE = "premise"
    MERGE_BASE = "merge base"
    SEARCH = "search"
    CONFIRMATION = "confirmation"
    VERIFICATION = "verification"
    """Of a fix, for `bisector verify`: no part of what a hunt goes by."""


class BuildKind(Enum):
    """How a commit came to stand built."""

    NONE = "none"
    """It stood there already, or the hunt has no build."""
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
    """None where the commit did not get as far as its test."""
    reference: Run | None = None
    build_seconds: float = 0.0
    log: Path | None = None
    against: str = ""
    """The commit whose build was the reference of a paired reading; empty for an unpaired one."""
    digest: str = ""
    """SHA-256 of the built outputs; empty where the hunt declares none."""
    reference_digest: str = ""
    build: BuildKind = BuildKind.NONE
    shared: str = ""
    """The commit of the same bytes whose run this is; empty where the commit was run itself."""
    about: str = ""
    """The commit that a confirmation is about, also where one of its parents is read; the endpoint itself
    where it was read from a clean build, because it was not what the user had said."""


@dataclass(frozen=True, slots=True)
class KnownUntestable:
    """A commit that is untestable, known without a reading: a build ahead failed, or `skip` names it."""

    commit: str
    why: str
    at: datetime
    seconds: float = 0.0
    """What its failed builds took."""
