"""Why each commit was read: a hunt's readings gone through again, with what was believed before and after."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bisector.hunt.decide.belief import Belief, Prospect
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading, Role


class Why(Enum):
    """What a commit was read for."""

    PREMISE = "premise"
    """An endpoint, before the search."""
    MERGE_BASE = "merge base"
    """It has to be good, because a good endpoint is no ancestor of bad."""
    HALVES = "search"
    """Its answer tells most for its time."""
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


def steps(plan: Plan, known: Known) -> Iterator[Step]:
    """The hunt's steps in the order in which they were taken; what was believed is worked out anew.

    The last step's `after` is what the hunt believes now.
    """
    beliefs, so_far = Beliefs(plan), Known()
    news = sorted(known.untestable, key=lambda fact: fact.at)
    for (commit, role), group in itertools.groupby(known.readings, lambda r: (r.commit, r.role)):
        taken = list(group)
        while news and news[0].at <= taken[0].at:
            so_far = so_far.plus(news.pop(0))
        after = so_far.plus(*taken)
        if role is not Role.SEARCH:
            yield Step(commit, Why(role.value), taken)
        else:
            before = beliefs.of(so_far)
            prospect, state = before.prospect(commit), _state(before)
            yield Step(commit, _why(plan, taken[0]), taken, prospect, state, _state(beliefs.of(after)))
        so_far = after


def _why(plan: Plan, reading: Reading) -> Why:
    if reading.about:
        return Why.DOUBTED
    return Why.LEVEL if reading.commit in (*plan.good, plan.bad) else Why.HALVES


def _state(belief: Belief) -> State:
    posterior = belief.posterior()
    likeliest, probability = next(iter(posterior.items()), ("", 0.0))
    doubt = -math.fsum(p * math.log2(p) for p in posterior.values())
    return State(2**doubt, likeliest, probability)
