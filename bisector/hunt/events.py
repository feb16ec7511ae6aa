"""What happens in a hunt, for a screen to follow; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bisector.hunt.conclusion import Conclusion
from bisector.probe.reading import Reading, Role
from bisector.probe.step import Step


@dataclass(frozen=True, slots=True)
class HuntBegan:
    """The range is known; `resumed` readings are in the journal already, the last of them of `since`."""

    candidates: int
    skipped_as_same: int
    resumed: int
    paired: bool
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProbeBegan:
    """A commit is about to be read."""

    commit: str
    role: Role


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A slot began to build or test `commit`; `detail` says why where that is not plain."""

    commit: str
    step: Step
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadingTaken:
    """A reading is in the journal."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class SearchMoved:
    """What the search believes after an observation: candidates still possible, probes and seconds left."""

    candidates_left: int
    probes_left: float
    seconds_left: float
    likeliest: str
    probability: float


@dataclass(frozen=True, slots=True)
class Noted:
    """Something a person should know, which is no error (a premise established, a reading distrusted)."""

    text: str


@dataclass(frozen=True, slots=True)
class Concluded:
    """The hunt is over."""

    conclusion: Conclusion


Event = HuntBegan | ProbeBegan | StepBegan | ReadingTaken | SearchMoved | Noted | Concluded
Listener = Callable[[Event], None]
