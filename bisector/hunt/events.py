"""Events of a hunt, for a screen to follow; nothing here makes decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bisector.hunt.conclusion import Conclusion
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading, Role
from bisector.probe.step import Step


@dataclass(frozen=True, slots=True)
class HuntBegan:
    """The range is known, and what earlier starts have found out about it."""

    plan: Plan
    known: Known


@dataclass(frozen=True, slots=True)
class ProbeBegan:
    """A commit is about to be read."""

    commit: str
    role: Role


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A slot began to build or test `commit`; `detail` says why if that is not obvious."""

    commit: str
    step: Step
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadingTaken:
    """A reading is in the journal."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is left to do, at the start and after each reading.

    `candidates_left` may still be the first bad commit. `probes_left` is None if only the premise is checked,
    `seconds_left` None before the first test has ended. `posterior` is the probability of each candidate by
    full id, likeliest first; empty before the search.
    """

    candidates_left: int
    probes_left: float | None
    seconds_left: float | None
    posterior: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Noted:
    """Information for the user that is no error (premise established, reading distrusted)."""

    text: str


@dataclass(frozen=True, slots=True)
class Concluded:
    """The hunt is over."""

    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class TargetsBegan:
    """A hunt of several `targets` begins: what they share, and what is known of each by name."""

    plan: Plan
    known: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class TargetsRead:
    """One run was judged for several targets: a reading of the same commit for each, by name."""

    readings: Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class TargetEnded:
    """The hunt of one of several targets is over."""

    target: str
    conclusion: Conclusion


Event = (
    HuntBegan
    | ProbeBegan
    | StepBegan
    | ReadingTaken
    | Outlook
    | Noted
    | Concluded
    | TargetsBegan
    | TargetsRead
    | TargetEnded
)
Listener = Callable[[Event], None]
