"""The posterior of the first bad commit, given a list of observations."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from bisector.search.graph import CommitGraph
from bisector.search.noise import Bools, Channel, Fit, Floats, Ints, Noise, Readings
from bisector.search.noise_flaky import FlakyFit
from bisector.search.noise_timing import TimingFit
from bisector.search.outcomes import Bad, Good, Measured, Observation


class Classes:
    """Hypotheses grouped by which observed commits they call bad.

    `of` (N + 1,) is the class of each hypothesis, the last one being "no regression"; `calls_bad` (classes,
    columns) says whether a class calls each observed commit bad.
    """

    def __init__(self, graph: CommitGraph) -> None:
        self.graph = graph
        self.commits: list[int] = []
        self.of: Ints = np.zeros(len(graph) + 1, dtype=np.int64)
        self.calls_bad: Bools = np.zeros((1, 0), dtype=np.bool_)

    def split(self, commit: int) -> None:
        """Split the classes by whether they call `commit` bad, unless that is done already."""
        if commit in self.commits:
            return
        is_bad = np.append(self.graph.ancestors(commit), False)
        code = 2 * self.of + is_bad
        seen = np.flatnonzero(np.bincount(code, minlength=2 * len(self.calls_bad)))
        renumber = np.zeros(2 * len(self.calls_bad), dtype=np.int64)
        renumber[seen] = np.arange(len(seen))
        self.of = renumber[code]
        self.calls_bad = np.concatenate((self.calls_bad[seen // 2], (seen % 2 == 1)[:, None]), axis=1)
        self.commits.append(commit)

    def gather(self, weight: Floats) -> Floats:
        """Sum the weights of all hypotheses (N + 1,) by class."""
        sums = np.bincount(self.of, weights=weight, minlength=len(self.calls_bad))
        return sums.astype(np.float64)


class Belief:
    """Likelihoods by class, and posteriors under any prior."""

    def __init__(self, graph: CommitGraph, noise: Noise, prior: Floats) -> None:
        self.noise = noise
        self.prior = prior
        self.classes = Classes(graph)
        self.fit: Fit
        self.posterior: Floats

    def learn(self, observations: Sequence[Observation]) -> None:
        """Compute fit and posterior from these observations, which replace earlier ones."""
        by_commit: dict[int, list[Observation]] = defaultdict(list)
        for observation in observations:
            by_commit[observation.commit].append(observation)
        for commit in by_commit:
            self.classes.split(commit)
        readings = _gather(by_commit)
        column = [self.classes.commits.index(commit) for commit in readings.commits]
        calls_bad = self.classes.calls_bad[:, column]
        weight = self.classes.gather(self.prior)
        self.readings, self.calls_bad = readings, calls_bad
        self.fit = self.noise.fit(readings, calls_bad, weight)
        self.posterior = self.under(self.prior)

    def under(self, prior: Floats) -> Floats:
        """The posterior (N + 1,) of the same readings under another prior."""
        logs = self.fit.log_likelihood
        top = logs[self.classes.gather(prior) > 0].max()
        joint = prior * np.exp(logs - top)[self.classes.of]
        posterior: Floats = joint / joint.sum()
        return posterior

    def rival(self) -> float:
        """Likelihood of the best commit relative to "no regression" (infinity if too large)."""
        logs, of = self.fit.log_likelihood, self.classes.of
        log_ratio = float(logs[of[:-1]].max() - logs[of[-1]])
        return math.exp(log_ratio) if log_ratio < 700 else math.inf

    def class_weights(self) -> Floats:
        """Posterior of each class."""
        return self.classes.gather(self.posterior)

    def allowance(self) -> float:
        """Share of the stated error probability that this posterior may use."""
        return self.fit.allowance(self.class_weights())

    def separation(self) -> float | None:
        """The expected step in spreads of one reading; None for verdicts."""
        return self.fit.separation(self.class_weights()) if isinstance(self.fit, TimingFit) else None

    def error_rates(self) -> tuple[float, float] | None:
        """The expected rates of false bad and of false good verdicts; None if the model has none."""
        if not isinstance(self.fit, FlakyFit):
            return None
        weight = self.class_weights()
        return float(weight @ self.fit.false_bad), float(weight @ self.fit.false_good)

    def fork(self) -> Belief:
        """An independent copy."""
        other = copy.copy(self)
        other.classes = copy.copy(self.classes)
        other.classes.commits = list(self.classes.commits)
        return other

    def channel(self) -> Channel:
        """The distribution of the next reading, by class."""
        return self.fit.channel(self.class_weights())


def evidence_beyond(evidence: float, noise: Noise, premise: Sequence[Observation]) -> float:
    """The rest of a premise's evidence (a Bayes factor) after a search has observed the same readings.

    `premise`: readings of the endpoints, with good as -1 and bad as 0. The result is at least 1, even if the
    noise model derives more evidence from these readings than the premise did.

    search = Search(graph, noise=noise, evidence=evidence_beyond(99.0, noise, premise))
    search.observe_all(readings)  # including those of the premise
    """
    endpoints = Belief(CommitGraph([[]]), noise, np.array([0.5, 0.5]))
    endpoints.learn(premise)
    return max(1.0, evidence / endpoints.rival())


def _gather(by_commit: dict[int, list[Observation]]) -> Readings:
    commits = tuple(sorted(by_commit))
    outcomes = [[observation.outcome for observation in by_commit[commit]] for commit in commits]
    measured = [
        sorted((math.log(o.value), o.spread) for o in row if isinstance(o, Measured)) for row in outcomes
    ]
    return Readings(
        commits,
        np.array([sum(isinstance(o, Good) for o in row) for row in outcomes], dtype=np.int64),
        np.array([sum(isinstance(o, Bad) for o in row) for row in outcomes], dtype=np.int64),
        tuple(tuple(value for value, _ in row) for row in measured),
        tuple(tuple(spread for _, spread in row) for row in measured),
    )
