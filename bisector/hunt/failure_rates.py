"""Whether one endpoint fails more often than the other: Bayes factors for two binomial samples.

A rate p has Jeffreys' prior, which is even in the angle with p = sin(angle)^2. So every marginal likelihood
is a mean over a grid of angles: of one angle for "the same rate", of two for "more" and "fewer" (Jeffreys
1961, 5.1; Kass and Raftery 1995). A Bayes factor may be looked at after every run: where its null hypothesis
is true it exceeds k with a chance of at most 1/k however long one looks (Ville 1939).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisector.predicate import Bad, Good, Judgement

_ANGLES = (np.arange(256) + 0.5) * (math.pi / 2 / 256)
_BAD, _GOOD = 2 * np.log(np.sin(_ANGLES)), 2 * np.log(np.cos(_ANGLES))


@dataclass(frozen=True, slots=True)
class Runs:
    """How often runs of one commit were judged bad and good."""

    bad: int = 0
    good: int = 0

    @classmethod
    def of(cls, judgements: Iterable[Judgement]) -> Runs:
        """Count verdicts; what is none is left out."""
        kinds = [type(judgement) for judgement in judgements]
        return cls(kinds.count(Bad), kinds.count(Good))

    @property
    def all(self) -> int:
        """How many there were."""
        return self.bad + self.good

    @property
    def differ(self) -> bool:
        """Whether they contradict each other."""
        return self.bad > 0 and self.good > 0

    def __add__(self, other: Runs) -> Runs:
        return Runs(self.bad + other.bad, self.good + other.good)

    def __str__(self) -> str:
        return f"{self.bad} of {self.all} times"


@dataclass(frozen=True, slots=True)
class Odds:
    """How much better than "both fail at the same rate" the runs are explained by ..."""

    more: float
    """... "bad fails more often than good"."""
    fewer: float
    """... "bad fails less often than good"."""


def compare(good: Runs, bad: Runs) -> Odds:
    """The Bayes factors for a difference between the endpoints, against the same rate at both."""
    of_good, of_bad = _likelihood(good), _likelihood(bad)
    same = float((of_good * of_bad).mean())
    below = np.cumsum(of_good) - of_good / 2
    more = 2 * float((of_bad * below).mean()) / len(_ANGLES)
    fewer = 2 * float(of_good.mean() * of_bad.mean()) - more
    return Odds(more / same, max(fewer, 0.0) / same)


def mostly_bad(runs: Runs) -> float:
    """Probability that more than half of all runs are judged bad."""
    likelihood = _likelihood(runs)
    return float(likelihood[len(likelihood) // 2 :].sum() / likelihood.sum())


def rate_ruled_out(passes: int, chance: float = 0.05) -> float:
    """The failure rate at which n passes, and no failure, are seen with this chance: 1 - chance^(1/n)."""
    return 1.0 - float(chance ** (1 / passes))


def evidence(runs: Runs, false_bad: float, false_good: float) -> float:
    """Log likelihood ratio of "the commit is bad" against "it is good", verdicts erring at these rates."""
    return runs.bad * math.log((1 - false_good) / false_bad) + runs.good * math.log(
        false_good / (1 - false_bad)
    )


def _likelihood(runs: Runs) -> NDArray[np.float64]:
    """Of each angle, up to a factor that is the same for all hypotheses."""
    likelihood: NDArray[np.float64] = np.exp(runs.bad * _BAD + runs.good * _GOOD)
    return likelihood
