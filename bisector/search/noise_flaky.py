"""Verdicts that flip: known rates, or unknown ones integrated out (Beta-Bernoulli)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Bools, Channel, Floats, Ints, Readings
from bisector.search.outcomes import Measured, Outcome

REAL = 1e-9
"""The rate of false failures where "a failure is always real"; not zero, so a contradiction can be undone."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate, Beta(wrong, right) distributed; a known one has its mean and weighs infinitely much."""

    wrong: float
    right: float
    known: bool = False

    def log_marginal(self, wrong: Ints, right: Ints) -> Floats:
        """Log of the integral of r^wrong (1-r)^right over the rate's distribution."""
        if self.known:
            known: Floats = wrong * np.log(self.wrong) + right * np.log(self.right)
            return known
        return (
            _log_rising(self.wrong, wrong)
            + _log_rising(self.right, right)
            - _log_rising(self.wrong + self.right, wrong + right)
        )

    def mean(self, wrong: Ints, right: Ints) -> Floats:
        """The expected rate after so many wrong and right verdicts."""
        if self.known:
            return np.full(len(wrong), self.wrong)
        mean: Floats = (self.wrong + wrong) / (self.wrong + self.right + wrong + right)
        return mean


def _log_rising(start: float, count: Ints) -> Floats:
    """log(start (start+1) ... (start+count-1)), from a table because the counts are small integers."""
    top = int(count.max(initial=0))
    table = np.concatenate(([0.0], np.cumsum(np.log(start + np.arange(top)))))
    return np.asarray(table[count], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FlakyFit:
    """Likelihood of each class, and the error rates that each expects."""

    log_likelihood: Floats
    false_bad: Floats
    false_good: Floats

    def channel(self, weight: Floats) -> Channel:
        """A reading is wrong at the rate that each class has learned."""
        if_good = np.stack((1 - self.false_bad, self.false_bad), axis=1)
        if_bad = np.stack((self.false_good, 1 - self.false_good), axis=1)
        return Channel(if_good, if_bad, np.array([0.0, 1.0]))


@dataclass(frozen=True, slots=True)
class Flaky:
    """Verdicts err independently at two rates: `false_bad` (a good commit looks bad) and `false_good`.

    A rate left None is unknown and integrated out over a Beta prior (`prior_wrong`, `prior_right`).
    `failure_is_real` says that a bad verdict is never wrong.
    """

    false_bad: float | None = None
    false_good: float | None = None
    failure_is_real: bool = False
    prior_wrong: float = 0.5
    prior_right: float = 3.5
    certain: bool = False

    def __post_init__(self) -> None:
        for name, rate in (("false_bad", self.false_bad), ("false_good", self.false_good)):
            if rate is not None and not 0 <= rate < 1:
                raise UsageError(f"{name} is {rate}: give a rate from 0 to below 1, or None if unknown")
        if (self.false_bad or 0) + (self.false_good or 0) >= 1:
            raise UsageError("false_bad + false_good must be below 1, or a verdict says nothing")
        if self.prior_wrong <= 0 or self.prior_right <= 0:
            raise UsageError("prior_wrong and prior_right must be positive")

    def refuse(self, outcome: Outcome) -> str | None:
        """Measured values need a model of their spread."""
        if isinstance(outcome, Measured):
            return "Flaky() takes verdicts only: give the search noise=Timing() for measured values"
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> FlakyFit:
        """Count right and wrong verdicts of each class on either side of its step."""
        calls_good = ~calls_bad
        wrong_bad, right_good = calls_good @ readings.bad, calls_good @ readings.good
        wrong_good, right_bad = calls_bad @ readings.good, calls_bad @ readings.bad
        before = self._rate(REAL if self.failure_is_real else self.false_bad)
        after = self._rate(self.false_good)
        return FlakyFit(
            before.log_marginal(wrong_bad, right_good) + after.log_marginal(wrong_good, right_bad),
            before.mean(wrong_bad, right_good),
            after.mean(wrong_good, right_bad),
        )

    def _rate(self, known: float | None) -> Rate:
        if known is None:
            return Rate(self.prior_wrong, self.prior_right)
        floored = max(known, REAL)
        return Rate(floored, 1 - floored, known=True)
