"""Why each commit was read: replays a hunt's readings, with the belief before and after each step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bisector.hunt.decide.belief import Belief, Prospect
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.decide.warm_up import usable
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading, Role


class Why(Enum):
    """The reason for reading a commit."""

    PREMISE = "premise"
    """An endpoint, before the search."""
    MERGE_BASE = "merge base"
    """It must be good, because a good endpoint is no ancestor of bad."""
    HALVES = "search"
    """It gives the most information for its time."""
    LEVEL = "level"
    """An endpoint again: the spread of its runs determines the weight of all other readings."""
    DOUBTED = "doubted"
    """Built clean, because the confirmation contradicted the search."""
    CONFIRMATION = "confirmation"
    """The answer, or one of its parents, again."""


@dataclass(frozen=True, slots=True)
class State:
    """The belief at one moment: the likeliest candidate and its probability.

    `candidates` is the effective number of candidates: 2 to the entropy (in bits) of the posterior.
    """

    candidates: float
    likeliest: str
    probability: float


@dataclass(frozen=True, slots=True)
class Step:
    """Consecutive readings of one commit, for one reason.

    Only steps of the search have `prospect`, `before` and `after`.
    """

    commit: str
    why: Why
    readings: Sequence[Reading]
    prospect: Prospect | None = None
    before: State | None = None
    after: State | None = None


def steps(plan: Plan, known: Known) -> Iterator[Step]:
    """The hunt's steps in order; the belief at each step is computed again.

    The last step's `after` is the current belief.
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
            before = beliefs.of(usable(plan, so_far))
            prospect, state = before.prospect(commit), _state(before)
            yield Step(
                commit, _why(plan, taken[0]), taken, prospect, state, _state(beliefs.of(usable(plan, after)))
            )
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
