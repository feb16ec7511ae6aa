"""What a hunt is to do, with every revision resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bisector.history.candidates import Candidates


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop without an answer: seconds of this start, probes of the whole hunt; None is no limit."""

    seconds: float | None = None
    probes: int | None = None


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often endpoints and candidates are read.

    `least` and `most` pairs of a measured comparison (premise, confirmation), `first` pairs when the search
    comes to a commit; `verdicts` runs of each endpoint for a verdict. A bad endpoint that is judged good is
    run up to `passes` times, one whose runs contradict each other twice as often, as long as all runs of the
    endpoints took less than `seconds`. `whole`: at the endpoints and at the answer, runs that are certain to
    be bad are not ended early.
    """

    first: int = 1
    least: int = 3
    most: int = 20
    verdicts: int = 1
    whole: bool = False
    passes: int = 30
    seconds: float = 120.0


@dataclass(frozen=True)
class Plan:
    """One hunt. All commits are full ids; `good[0]` is the reference of paired readings."""

    good: tuple[str, ...]
    bad: str
    candidates: Candidates
    """Those that differ from their parents in a declared input."""
    every_candidate: Candidates
    """All of the range: what the search falls back to when the declared inputs prove incomplete."""
    parents: Mapping[str, tuple[str, ...]]
    """Whom the confirmation holds against a candidate: its parents, also outside the range (or the first)."""
    found_before: tuple[str, ...] = ()
    """Candidates at which other hunts ended, confirmed: what slows one guest down often slows all."""
    merge_bases: tuple[str, ...] = ()
    """To be found good before the search, because a good endpoint is no ancestor of bad."""
    ratio: float | None = None
    """The smallest regression wanted, of a paired predicate; None where the predicate gives verdicts."""
    paths: tuple[str, ...] = ()
    """To commits that touch these the candidates are limited; empty for all commits."""
    contained_in_good: Callable[[str], bool] | None = None
    """Whether a good endpoint contains a commit; None where that is true of all that are no candidates."""
    to_the_end: bool = False
    """Whether no run of the search is ended half way to the limit at which those of the bad endpoint end."""
    repeats: Repeats = field(default_factory=Repeats)
    confidence: float = 0.99
    budget: Budget = field(default_factory=Budget)

    def before_good(self, commit: str) -> bool:
        """Whether a commit outside of the range is an ancestor of a good endpoint, and none itself."""
        if commit in self.good or commit in self.every_candidate.ids:
            return False
        return self.contained_in_good(commit) if self.contained_in_good else True
