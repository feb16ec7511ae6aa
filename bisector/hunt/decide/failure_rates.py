"""Whether one endpoint fails more often than the other: Bayes factors for two binomial samples.

A rate p has Jeffreys' prior, which is uniform in the angle with p = sin(angle)^2. So every marginal
likelihood is a mean over a grid of angles: one angle for "the same rate", two for "more" and "fewer"
(Jeffreys 1961, 5.1; Kass and Raftery 1995). A Bayes factor may be checked after every run: if the rates are
the same, it ever exceeds k with probability at most 1/k, on average over the rate (Ville 1939). For one given
rate it may be about ten times that after 100 runs, since the prior spreads over all rates.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass

from bisector.predicate import Bad, Good, Judgement

_POINTS = 256
_ANGLES = [(at + 0.5) * (math.pi / 2 / _POINTS) for at in range(_POINTS)]
_BAD = [2 * math.log(math.sin(angle)) for angle in _ANGLES]
_GOOD = [2 * math.log(math.cos(angle)) for angle in _ANGLES]


@dataclass(frozen=True, slots=True)
class Runs:
    """How many runs of one commit were judged bad and good."""

    bad: int = 0
    good: int = 0

    @classmethod
    def of(cls, judgements: Iterable[Judgement]) -> Runs:
        """Count verdicts; ignores all other judgements."""
        kinds = [type(judgement) for judgement in judgements]
        return cls(kinds.count(Bad), kinds.count(Good))

    @property
    def all(self) -> int:
        """The number of runs."""
        return self.bad + self.good

    @property
    def differ(self) -> bool:
        """Whether the runs contradict each other."""
        return self.bad > 0 and self.good > 0

    def __add__(self, other: Runs) -> Runs:
        return Runs(self.bad + other.bad, self.good + other.good)

    def __str__(self) -> str:
        return f"{self.bad} of {self.all} times"


@dataclass(frozen=True, slots=True)
class Odds:
    """Bayes factors against "both fail at the same rate"."""

    more: float
    """For "bad fails more often than good"."""
    fewer: float
    """For "bad fails less often than good"."""


def compare(good: Runs, bad: Runs) -> Odds:
    """Bayes factors for a difference between the endpoints, against the same rate at both."""
    of_good, of_bad = _likelihood(good), _likelihood(bad)
    same = math.fsum(map(operator.mul, of_good, of_bad)) / _POINTS
    below = (total - one / 2 for total, one in zip(itertools.accumulate(of_good), of_good, strict=True))
    more = 2 * math.fsum(map(operator.mul, of_bad, below)) / _POINTS**2
    fewer = 2 * math.fsum(of_good) * math.fsum(of_bad) / _POINTS**2 - more
    return Odds(more / same, max(fewer, 0.0) / same)


def mostly_bad(runs: Runs) -> float:
    """Probability that more than half of all runs are judged bad."""
    likelihood = _likelihood(runs)
    return math.fsum(likelihood[_POINTS // 2 :]) / math.fsum(likelihood)


def rate_ruled_out(passes: int, chance: float = 0.05) -> float:
    """The failure rate at which n passes in a row have probability `chance`: 1 - chance^(1/n)."""
    return 1.0 - float(chance ** (1 / passes))


def evidence(runs: Runs, false_bad: float, false_good: float) -> float:
    """Log likelihood ratio of "the commit is bad" to "it is good", given these error rates of verdicts."""
    return runs.bad * math.log((1 - false_good) / false_bad) + runs.good * math.log(
        false_good / (1 - false_bad)
    )


def _likelihood(runs: Runs) -> list[float]:
    """The likelihood at each angle, up to a factor common to all hypotheses."""
    return [math.exp(runs.bad * bad + runs.good * good) for bad, good in zip(_BAD, _GOOD, strict=True)]
