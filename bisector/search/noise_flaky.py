"""Verdicts that flip: known rates, or unknown ones integrated out (Beta-Bernoulli)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Bools, Channel, Floats, Ints, Readings
from bisector.search.outcomes import Measured, Outcome

REAL = 1e-9
"""The rate of false failures where "a failure is always real"; not zero, so a contradiction can be undone."""


Beta = tuple[float, float, float]
"""A Beta distribution of an error rate, as one part of a mixture: its share, then `wrong` and `right`."""


class Rate(Protocol):
    """An error rate, after so many wrong and right verdicts: all arrays of shape (classes,)."""

    def log_marginal(self, wrong: Ints, right: Ints) -> Floats:
        """Log of the expectation of r^wrong (1-r)^right over what is known of the rate r."""

    def mean(self, wrong: Ints, right: Ints) -> Floats:
        """The expected rate."""


@dataclass(frozen=True, slots=True)
class Known(Rate):
    """A rate that is given."""

    rate: float

    def log_marginal(self, wrong: Ints, right: Ints) -> Floats:
        """Log of r^wrong (1-r)^right."""
        known: Floats = wrong * np.log(self.rate) + right * np.log1p(-self.rate)
        return known

    def mean(self, wrong: Ints, right: Ints) -> Floats:
        """The rate itself."""
        return np.full(len(wrong), self.rate)


@dataclass(frozen=True, slots=True)
class Unknown(Rate):
    """A rate with a mixture of Beta distributions for its prior."""

    prior: tuple[Beta, ...]

    def log_marginal(self, wrong: Ints, right: Ints) -> Floats:
        """Log of the sum over parts of share B(a + wrong, b + right) / B(a, b)."""
        return _log_sum(self._parts(wrong, right))

    def mean(self, wrong: Ints, right: Ints) -> Floats:
        """Each part's (a + wrong) / (a + b + wrong + right), weighted as the part is likely."""
        parts = self._parts(wrong, right)
        share = np.exp(parts - _log_sum(parts))
        means = np.stack([(a + wrong) / (a + b + wrong + right) for _, a, b in self.prior])
        return np.asarray((share * means).sum(axis=0), dtype=np.float64)

    def _parts(self, wrong: Ints, right: Ints) -> Floats:
        return np.stack(
            [
                np.log(share)
                + _log_rising(a, wrong)
                + _log_rising(b, right)
                - _log_rising(a + b, wrong + right)
                for share, a, b in self.prior
            ]
        )


def _log_sum(parts: Floats) -> Floats:
    top = parts.max(axis=0)
    total: Floats = top + np.log(np.exp(parts - top).sum(axis=0))
    return total


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


FALSE_GOOD: tuple[Beta, ...] = ((0.42, 0.5, 40.0), (0.42, 0.5, 5.0), (0.16, 8.0, 8.0))
"""Default prior of the rate at which bad commits pass."""
ONE_SIDED: tuple[Beta, ...] = ((0.3, 0.5, 40.0), (0.3, 0.5, 5.0), (0.4, 8.0, 8.0))
"""The same where failures are said to be always real: such bugs more often show themselves now and then."""


@dataclass(frozen=True, slots=True)
class Flaky:
    """Verdicts err independently at two rates: `false_bad` (a good commit looks bad) and `false_good`.

    A rate left None is unknown and integrated out over its prior, a mixture of Beta distributions: most
    rates are small or very small, but a bug that shows itself every other time is nothing rare. (One that
    shows itself hardly more often than false alarms do is: else "no regression" could never be concluded.)
    `failure_is_real` says that a bad verdict is never wrong.
    """

    false_bad: float | None = None
    false_good: float | None = None
    failure_is_real: bool = False
    prior_false_bad: tuple[Beta, ...] = ((0.5, 0.5, 40.0), (0.5, 0.5, 5.0))
    prior_false_good: tuple[Beta, ...] | None = None
    certain: bool = False

    def __post_init__(self) -> None:
        for name, rate in (("false_bad", self.false_bad), ("false_good", self.false_good)):
            if rate is not None and not 0 <= rate < 1:
                raise UsageError(f"{name} is {rate}: give a rate from 0 to below 1, or None if unknown")
        if (self.false_bad or 0) + (self.false_good or 0) >= 1:
            raise UsageError("false_bad + false_good must be below 1, or a verdict says nothing")
        if min(min(part) for part in (*self.prior_false_bad, *self._prior_false_good)) <= 0:
            raise UsageError("the share and both numbers of a Beta prior must be positive")

    @property
    def _prior_false_good(self) -> tuple[Beta, ...]:
        return self.prior_false_good or (ONE_SIDED if self.failure_is_real else FALSE_GOOD)

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
        before = _rate(REAL if self.failure_is_real else self.false_bad, self.prior_false_bad)
        after = _rate(self.false_good, self._prior_false_good)
        return FlakyFit(
            before.log_marginal(wrong_bad, right_good) + after.log_marginal(wrong_good, right_bad),
            before.mean(wrong_bad, right_good),
            after.mean(wrong_good, right_bad),
        )


def _rate(known: float | None, prior: tuple[Beta, ...]) -> Rate:
    return Unknown(prior) if known is None else Known(max(known, REAL))
