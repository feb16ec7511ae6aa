"""Simulated hunts. Each continues from one stated confidence to the next."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from benchmarks.calibration.confirming import confirmed
from benchmarks.calibration.worlds import Case, World
from benchmarks.search.simulate import drive
from bisector.search import AnyOf, Budget, Conclusion, FirstBad, Inconclusive, Misfit, NoRegression, Search
from bisector.search.search import CHECK_EVERY

LEVELS = (0.9, 0.95, 0.99)
CONFIRMED = "confirmed"
"""Key of the hunts at the last level that also get a confirmation."""
Stage = float | str
MOST_PROBES = 300
"""A hunt that takes more is inconclusive."""


class Ending(StrEnum):
    """The value of a conclusion."""

    RIGHT = "right"
    OTHER = "another true step"
    WRONG = "wrong commit"
    MISSED = "no regression, though there is one"
    MISFIT = "misfit"
    INCONCLUSIVE = "inconclusive"

    @property
    def answers(self) -> bool:
        """Whether the hunt gave an answer."""
        return self not in (Ending.MISFIT, Ending.INCONCLUSIVE)


@dataclass
class Tally:
    """The results of the hunts of one case at one stated confidence."""

    endings: list[Ending] = field(default_factory=list)
    probes: list[int] = field(default_factory=list)
    stated: list[float] = field(default_factory=list)
    """The stated probability of each conclusion, or 1 for a set of untestable commits."""

    def add(self, ending: Ending, probes: int, stated: float) -> None:
        """Count one hunt."""
        self.endings.append(ending)
        self.probes.append(probes)
        self.stated.append(stated)

    def join(self, other: Tally) -> Tally:
        """The sum of both."""
        return Tally(self.endings + other.endings, self.probes + other.probes, self.stated + other.stated)

    def count(self, *endings: Ending) -> int:
        """The number of hunts with these endings."""
        return sum(one in endings for one in self.endings)

    @property
    def answered(self) -> int:
        """The number of hunts that gave an answer."""
        return sum(one.answers for one in self.endings)

    def share(self, *endings: Ending) -> float:
        """The share of all hunts with these endings."""
        return self.count(*endings) / len(self.endings)

    @property
    def right(self) -> tuple[float, float, float]:
        """The share of right answers among all answers, and its 95% interval."""
        right = self.count(Ending.RIGHT)
        return (right / self.answered if self.answered else math.nan, *wilson(right, self.answered))

    @property
    def mean(self) -> float:
        """Mean number of probes."""
        return float(np.mean(self.probes))


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share (Wilson, 1927), or 0 to 1 for an empty count."""
    if of == 0:
        return 0.0, 1.0
    share, weight = hits / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / of + weight / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def judge(conclusion: Conclusion | None, world: World) -> Ending:
    """The value of a conclusion, given the truth. A hunt without a conclusion is inconclusive."""
    match conclusion:
        case NoRegression():
            return Ending.RIGHT if world.culprit is None else Ending.MISSED
        case FirstBad(commit):
            return _named((commit,), world)
        case AnyOf(commits):
            return _named(commits, world)
        case Misfit():
            return Ending.MISFIT
        case Inconclusive() | None:
            return Ending.INCONCLUSIVE


def _named(commits: Sequence[int], world: World) -> Ending:
    if world.culprit in commits:
        return Ending.RIGHT
    return Ending.OTHER if world.others.intersection(commits) else Ending.WRONG


def hunt(case: Case, seed: int, levels: Sequence[float] = LEVELS) -> dict[Stage, tuple[Ending, int, float]]:
    """One hunt: its ending, its probes, and its stated probability at each level.

    At a higher level the search gets all readings so far and continues, like a hunt that is continued. If a
    misfit is found where every search looks for one, it ends all levels. The last level includes the
    confirmation.
    """
    rng = random.Random(f"{case.name} {seed}")
    world = case.make(rng)
    found: dict[Stage, tuple[Ending, int, float]] = {}
    search = Search(world.graph, case.noise, levels[0], seed=seed, stop=Budget(probes=MOST_PROBES))
    for level in levels:
        if level > search.confidence and not _ends_all(search):
            readings = search.observations
            search = Search(world.graph, case.noise, level, seed=seed, stop=Budget(probes=MOST_PROBES))
            search.observe_all(readings)
        drive(search, world.probe)
        found[level] = _seen(search.conclusion, len(search.observations), world)
    conclusion, probes = confirmed(world, search, MOST_PROBES)
    return found | {CONFIRMED: _seen(conclusion, probes, world)}


def _seen(conclusion: Conclusion | None, probes: int, world: World) -> tuple[Ending, int, float]:
    return judge(conclusion, world), probes, float(getattr(conclusion, "probability", 1.0))


def _ends_all(search: Search) -> bool:
    if not isinstance(search.conclusion, Misfit):
        return False
    return search.noise.certain or len(search.observations) % CHECK_EVERY == 0


def hunts(case: Case, seeds: Sequence[int], levels: Sequence[float] = LEVELS) -> dict[Stage, Tally]:
    """Many hunts, by level, with the confirmed ones last."""
    stages: tuple[Stage, ...] = (*levels, CONFIRMED)
    tallies = {stage: Tally() for stage in stages}
    for seed in seeds:
        for stage, (ending, probes, stated) in hunt(case, seed, levels).items():
            tallies[stage].add(ending, probes, stated)
    return tallies
