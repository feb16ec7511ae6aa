"""The plan of a hunt, with every revision resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bisector.history.candidates import Candidates
from bisector.terms import REGRESSION, Terms


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop without an answer: seconds of this start, probes of the whole hunt; None for no limit."""

    seconds: float | None = None
    probes: int | None = None


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often endpoints and candidates are read.

    A measured comparison (premise, confirmation) takes `least` to `most` pairs; the search first takes
    `first` pairs of a commit. Verdicts take `verdicts` runs of each endpoint. A bad endpoint that is judged
    good is run up to `passes` times, or twice as often if its runs contradict each other, as long as all
    endpoint runs took less than `seconds`. Measured runs come after `warm_up` discarded ones (None: as many
    as the good endpoint needs). `whole`: do not end runs early at the endpoints and at the answer, even if
    they are certain to be bad.
    """

    first: int = 1
    least: int = 3
    most: int = 20
    verdicts: int = 1
    whole: bool = False
    passes: int = 30
    seconds: float = 120.0
    warm_up: int | None = 0


class Beside(Protocol):
    """The candidates on branches that left before the old endpoint."""

    def commits(self) -> frozenset[str]:
        """Those that do not descend from the old endpoint, nor from its merge base with the new one."""
        ...

    def bases(self, commit: str) -> tuple[str, ...]:
        """Where the branch of one of them left the history of the old endpoint; empty if it has none."""
        ...

    def between(self, base: str, tip: str) -> frozenset[str]:
        """`tip`, and those of its ancestors that descend from `base`."""
        ...


@dataclass(frozen=True)
class Plan:
    """The plan of one hunt. All commits are full ids; `good[0]` is the reference of paired readings.

    `good` are the old endpoints and `bad` is the new one, also in a hunt for a fix, whose judgements are
    turned (`bisector.probe.turned`).
    """

    good: tuple[str, ...]
    bad: str
    candidates: Candidates
    """Those that differ from their parents in a declared input."""
    every_candidate: Candidates
    """All commits in the range: the search falls back to these if the declared inputs are incomplete."""
    parents: Mapping[str, tuple[str, ...]]
    """The commits that the confirmation compares a candidate with: its parents, also outside the range
    (with `first_parent`, only the first)."""
    found_before: tuple[str, ...] = ()
    """Confirmed answers of other hunts among the candidates: what slows one guest often slows all."""
    merge_bases: tuple[str, ...] = ()
    """Commits that must be good before the search starts, because a good endpoint is no ancestor of bad."""
    ratio: float | None = None
    """The smallest regression wanted, for a paired predicate; None if the predicate gives verdicts."""
    by_wall_clock: bool = False
    """Whether the predicate judges by wall time, which other work on the machine disturbs."""
    paths: tuple[str, ...] = ()
    """The candidates are limited to commits that touch these paths; empty for all commits."""
    contained_in_good: Callable[[str], bool] | None = None
    """Whether a good endpoint contains a commit; None if that holds for all commits but the candidates."""
    is_tested_alike: Callable[[str, str], bool] | None = None
    """Whether the test reads the same files of two commits, besides their builds; None if it reads none."""
    beside: Beside | None = None
    """Candidates on branches that left before the old endpoint; None if there can be none."""
    narrow: bool = False
    """Whether they are left out from the start, because the old endpoint is itself a step."""
    left_out: frozenset[str] = frozenset()
    """Those of them that are no candidates, because the question makes no sense for them."""
    scoped: bool = False
    """Whether branches that left before the old endpoint are left out, and what good contains may be bad."""
    to_the_end: bool = False
    """Whether search runs continue past half of the limit at which runs of the bad endpoint end."""
    in_turn: bool = False
    """Whether good is read before bad, and both before any other: the predicate reviews runs by theirs."""
    repeats: Repeats = field(default_factory=Repeats)
    terms: Terms = REGRESSION
    """The words for commits like `good` and like `bad`."""
    confidence: float = 0.99
    budget: Budget = field(default_factory=Budget)

    def before_good(self, commit: str) -> bool:
        """Whether a commit outside the range is an ancestor of a good endpoint, but not itself one."""
        if commit in self.good or commit in self.left_out or commit in self.every_candidate.ids:
            return False
        return self.contained_in_good(commit) if self.contained_in_good else True
