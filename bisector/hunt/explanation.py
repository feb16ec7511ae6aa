"""Why each commit was read: a hunt's readings gone through again, with what was believed before and after."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bisector.hunt.belief import Belief, Prospect
from bisector.hunt.plan import Plan
from bisector.probe.reading import BuildKind, Reading, Role


class Why(Enum):
    """What a commit was read for."""

    PREMISE = "premise"
    """An endpoint, before the search."""
    MERGE_BASE = "merge base"
    """It has to be good, because a good endpoint is no ancestor of bad."""
    HALVES = "search"
    """Its answer tells most for its time."""
    AHEAD = "ahead"
    """It was built in case the search should ask for it."""
    LEVEL = "level"
    """An endpoint again: how far runs spread decides what all other readings are worth."""
    DOUBTED = "doubted"
    """Built clean, because the confirmation contradicted the search."""
    CONFIRMATION = "confirmation"
    """The answer, or a parent of it, once more."""


@dataclass(frozen=True, slots=True)
class State:
    """What is believed at one moment, and the likeliest candidate.

    `candidates` is how many equally likely ones would leave as much doubt: 2 to the entropy of the posterior.
    """

    candidates: float
    likeliest: str
    probability: float


@dataclass(frozen=True, slots=True)
class Step:
    """Readings of one commit taken in a row, for one reason.

    `prospect`, `before` and `after` are known of the search only.
    """

    commit: str
    why: Why
    readings: Sequence[Reading]
    prospect: Prospect | None = None
    before: State | None = None
    after: State | None = None


def steps(plan: Plan, readings: Sequence[Reading]) -> Iterator[Step]:
    """The hunt's steps in their order; what was believed is worked out anew, as the loop did it.

    The last step's `after` is what the hunt believes now.
    """
    belief: Belief | None = None
    read = 0
    previous: Role | None = None
    for (commit, role), group in itertools.groupby(readings, lambda r: (r.commit, r.role)):
        taken = list(group)
        known, read = readings[:read], read + len(taken)
        if role is not Role.SEARCH:
            yield Step(commit, Why(role.value), taken)
        else:
            if belief is None or previous is not Role.SEARCH:
                belief = Belief(plan, known)
            why = _why(plan, taken[0])
            prospect, before = belief.prospect(commit), _state(belief)
            belief = _learned(plan, belief, known, taken, anew=why is Why.DOUBTED)
            yield Step(commit, why, taken, prospect, before, _state(belief))
        previous = role


def _why(plan: Plan, reading: Reading) -> Why:
    if reading.build is BuildKind.AHEAD:
        return Why.AHEAD
    if reading.about:
        return Why.DOUBTED
    return Why.LEVEL if reading.commit in (*plan.good, plan.bad) else Why.HALVES


def _learned(
    plan: Plan, belief: Belief, known: Sequence[Reading], taken: Sequence[Reading], *, anew: bool
) -> Belief:
    """The belief with `taken` on top of `known`; begun anew where the loop does that too."""
    for reading in taken:
        belief.observe(reading)
    return Belief(plan, [*known, *taken]) if anew or belief.contradicts else belief


def _state(belief: Belief) -> State:
    posterior = belief.posterior()
    likeliest, probability = next(iter(posterior.items()), ("", 0.0))
    doubt = -math.fsum(p * math.log2(p) for p in posterior.values())
    return State(2**doubt, likeliest, probability)
