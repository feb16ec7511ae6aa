"""How a search can end, in commit indices; `bisector.hunt.conclusion` has the same in commit ids."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first bad commit, at the stated confidence."""

    commit: int
    probability: float


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The first bad commit is one of these; only untestable commits could tell them apart."""

    commits: tuple[int, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NoRegression:
    """No commit of the range is bad, at the stated confidence."""

    probability: float


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The budget is spent or nothing more can be learned. The likeliest commits come first."""

    why: str
    commits: tuple[int, ...]
    probabilities: tuple[float, ...]
    no_regression: float


@dataclass(frozen=True, slots=True)
class Misfit:
    """The readings contradict a single step: several steps, one that comes and goes, or drift."""

    why: str
    commits: tuple[int, ...]
    """The commits whose readings fit worst."""
    p_value: float
    """How often a single step gives readings that fit as badly as these (0 for a contradiction)."""


Conclusion = FirstBad | AnyOf | NoRegression | Inconclusive | Misfit
