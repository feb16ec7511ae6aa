"""One or many simulated hunts: a search of a generated history."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.search.histories import descendants
from bisector.search import (
    AnyOf,
    Bad,
    CommitGraph,
    Costs,
    FirstBad,
    Good,
    Measured,
    NoRegression,
    Outcome,
    Search,
)

Probe = Callable[[int], Outcome]
Truth = int | None


@dataclass
class Tally:
    """The results of the trials of one cell."""

    right: int = 0
    probes: list[int] = field(default_factory=list)
    stated: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, right: bool, probes: int, probability: float = 1.0) -> None:
        """Count one trial."""
        self.right += right
        self.probes.append(probes)
        self.stated.append((probability, right))

    @property
    def correct(self) -> float:
        """Share of right answers."""
        return self.right / len(self.probes)

    @property
    def mean(self) -> float:
        """Mean number of probes."""
        return float(np.mean(self.probes))

    def __str__(self) -> str:
        return f"{self.correct:.3f}@{self.mean:.1f} ({len(self.probes)})"


def drive(search: Search, probe: Probe, most: int = 1500, k: int = 1) -> int:
    """Run a search to its end. Returns the number of rounds (probes, if k is 1)."""
    rounds = 0
    while search.conclusion is None and rounds < most:
        for commit in search.propose(k):
            search.observe(commit, probe(commit))
        rounds += 1
    return rounds


@dataclass(frozen=True, slots=True)
class Expected:
    """Means over every first bad commit."""

    probes: float
    cost: float


def expected(search: Search, costs: Costs) -> Expected:
    """The expected cost of a search with verdicts without errors, by a walk of all its decisions.

    `costs` are the real costs, which may differ from those that the search uses. Failed builds are not
    included.
    """
    builds = costs.building(len(search.graph))
    left, suspects = [search], int((search.posterior > 0).sum())
    probes = cost = 0.0
    while left:
        here = left.pop()
        if here.conclusion is not None:
            continue
        (commit,) = here.propose()
        bad = here.probability_bad(commit)
        share = float((here.posterior > 0).sum()) / suspects
        probes += share
        cost += share * (float(builds[commit]) + costs.good + bad * (costs.bad - costs.good))
        for outcome in (Good(), Bad()):
            after = here.fork()
            after.observe(commit, outcome)
            left.append(after)
    return Expected(probes, cost)


def makespan(search: Search, probe: Probe, jobs: int, seconds: Callable[[Outcome], float]) -> float:
    """The end time of a search that runs `jobs` probes at once and cancels those that became moot."""
    now = 0.0
    under_way: list[tuple[float, int, Outcome]] = []
    while search.conclusion is None:
        under_way = [one for one in under_way if not search.is_moot(one[1])]
        pending = [commit for _, commit, _ in under_way]
        if len(pending) < jobs:
            for commit in search.propose(jobs - len(pending), pending):
                outcome = probe(commit)
                under_way.append((now + seconds(outcome), commit, outcome))
        under_way.sort(key=lambda one: one[0])
        now, commit, outcome = under_way.pop(0)
        search.observe(commit, outcome)
    return now


def is_right(search: Search, truth: Truth) -> bool:
    """Whether the conclusion is the truth."""
    match search.conclusion:
        case FirstBad(commit):
            return commit == truth
        case AnyOf(commits):
            return truth in commits
        case NoRegression():
            return truth is None
    return False


def trials(
    graph: CommitGraph,
    count: int,
    search: Callable[[], Search],
    probe: Callable[[random.Random, np.ndarray], Probe],
    truth: Callable[[random.Random], Truth] | None = None,
    k: int = 1,
) -> Tally:
    """`count` hunts with fixed seeds. `probe` creates a probe from the bad commits, with shape (N,)."""
    tally = Tally()
    for trial in range(count):
        rng = random.Random(trial)
        first_bad = truth(rng) if truth else rng.randrange(len(graph))
        hunt = search()
        rounds = drive(hunt, probe(rng, descendants(graph, first_bad)), k=k)
        stated = getattr(hunt.conclusion, "probability", 0.0)
        tally.add(is_right(hunt, first_bad), rounds, stated)
    return tally


def flips(false_bad: float, false_good: float) -> Callable[[random.Random, np.ndarray], Probe]:
    """Verdicts that flip at these rates."""

    def make(rng: random.Random, bad: np.ndarray) -> Probe:
        def probe(commit: int) -> Outcome:
            truly = commit >= 0 and bool(bad[commit])
            wrong = rng.random() < (false_good if truly else false_bad)
            return Bad() if truly != wrong else Good()

        return probe

    return make


def timings(
    spread: float, factor: float, tails: str = "normal"
) -> Callable[[random.Random, np.ndarray], Probe]:
    """Measured values: a step of `factor`, with a spread (of the logarithm) and normal or heavier tails."""

    def make(rng: random.Random, bad: np.ndarray) -> Probe:
        draw = np.random.default_rng(rng.randrange(2**32))

        def probe(commit: int) -> Outcome:
            error = float(draw.standard_t(3) if tails == "t3" else draw.normal()) * spread
            if tails == "outliers" and draw.random() < 0.1:
                error += math.log(1.6)
            truly = commit >= 0 and bool(bad[commit])
            return Measured(math.exp(error + (math.log(factor) if truly else 0.0)))

        return probe

    return make
