"""Verdicts that flip: known rates, or unknown ones integrated out (Beta-Bernoulli)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Bools, Channel, Floats, Ints, Readings
from bisector.search.outcomes import Measured, Outcome

REAL = 1e-9
"""The rate of false failures where "a failure is always real"; not zero, so a contradiction can be undone."""


Beta = tuple[float, float]
"""A Beta distribution of an error rate: `wrong` and `right`."""
Counts = tuple[Ints, Ints]
"""Wrong and right verdicts on one side of the step, by class."""


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
    """A rate with a Beta distribution for its prior."""

    a: float
    b: float

    def log_marginal(self, wrong: Ints, right: Ints) -> Floats:
        """Log of B(a + wrong, b + right) / B(a, b)."""
        return (
            _log_rising(self.a, wrong)
            + _log_rising(self.b, right)
            - _log_rising(self.a + self.b, wrong + right)
        )

    def mean(self, wrong: Ints, right: Ints) -> Floats:
        """(a + wrong) / (a + b + wrong + right)."""
        mean: Floats = (self.a + wrong) / (self.a + self.b + wrong + right)
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
class Rates:
    """One part of a mixture prior of both rates; without `false_good` both are one and the same rate."""

    share: float
    false_bad: Beta
    false_good: Beta | None = None

    def fit(self, known: tuple[float | None, float | None], before: Counts, after: Counts) -> FlakyFit:
        """The posterior by this part; a rate that is known takes the place of its Beta distribution."""
        if self.false_good is None and known == (None, None):
            both = Unknown(*self.false_bad)
            wrong, right = before[0] + after[0], before[1] + after[1]
            mean = both.mean(wrong, right)
            return FlakyFit(both.log_marginal(wrong, right), mean, mean)
        first = _rate(known[0], self.false_bad)
        second = _rate(known[1], self.false_good or self.false_bad)
        log_likelihood = first.log_marginal(*before) + second.log_marginal(*after)
        return FlakyFit(log_likelihood, first.mean(*before), second.mean(*after))


def _rate(known: float | None, prior: Beta) -> Rate:
    return Unknown(*prior) if known is None else Known(max(known, REAL))


def _mixed(shares: list[float], fits: list[FlakyFit]) -> FlakyFit:
    """The average of all parts, each weighted as each class finds it likely."""
    logs = np.stack([math.log(share) + fit.log_likelihood for share, fit in zip(shares, fits, strict=True)])
    top = logs.max(axis=0)
    total = top + np.log(np.exp(logs - top).sum(axis=0))
    weight = np.exp(logs - total)
    return FlakyFit(
        total,
        (weight * np.stack([fit.false_bad for fit in fits])).sum(axis=0),
        (weight * np.stack([fit.false_good for fit in fits])).sum(axis=0),
    )


SMALL, WIDE, TINY, HALF = (0.5, 6.0), (0.5, 3.5), (0.5, 40.0), (8.0, 8.0)
LIKELY_RATES = (Rates(0.7, SMALL), Rates(0.05, WIDE, WIDE), Rates(0.25, (0.5, 100.0), HALF))
"""Default prior: verdicts that flip whatever the commit, at one rate or at two, or a bug that shows itself
every other time. (One that shows itself hardly more often than false alarms do is left out: else "no
regression" could never be concluded.)"""
ONE_SIDED = (Rates(0.3, TINY, TINY), Rates(0.3, TINY, (0.5, 5.0)), Rates(0.4, TINY, HALF))
"""The same where failures are said to be always real: such bugs more often show themselves now and then."""


@dataclass(frozen=True, slots=True)
class Flaky:
    """Verdicts err independently at two rates: `false_bad` (a good commit looks bad) and `false_good`.

    A rate left None is unknown and integrated out over `prior`, a mixture of Beta distributions of both
    (None: `LIKELY_RATES`, or `ONE_SIDED`). `failure_is_real` says that a bad verdict is never wrong.
    """

    false_bad: float | None = None
    false_good: float | None = None
    failure_is_real: bool = False
    prior: tuple[Rates, ...] | None = None
    certain: bool = False

    def __post_init__(self) -> None:
        for name, rate in (("false_bad", self.false_bad), ("false_good", self.false_good)):
            if rate is not None and not 0 <= rate < 1:
                raise UsageError(f"{name} is {rate}: give a rate from 0 to below 1, or None if unknown")
        if (self.false_bad or 0) + (self.false_good or 0) >= 1:
            raise UsageError("false_bad + false_good must be below 1, or a verdict says nothing")
        numbers = [(part.share, *part.false_bad, *(part.false_good or ())) for part in self._parts]
        if not numbers or min(min(row) for row in numbers) <= 0:
            raise UsageError("prior: give at least one part, its share and Beta distributions all positive")

    @property
    def _parts(self) -> tuple[Rates, ...]:
        default = ONE_SIDED if self.failure_is_real else LIKELY_RATES
        return default if self.prior is None else self.prior

    def refuse(self, outcome: Outcome) -> str | None:
        """Measured values need a model of their spread."""
        if isinstance(outcome, Measured):
            return "Flaky() takes verdicts only: give the search noise=Timing() for measured values"
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> FlakyFit:
        """Count right and wrong verdicts of each class on either side of its step."""
        calls_good = ~calls_bad
        before = calls_good @ readings.bad, calls_good @ readings.good
        after = calls_bad @ readings.good, calls_bad @ readings.bad
        known = (REAL if self.failure_is_real else self.false_bad, self.false_good)
        parts = self._parts if None in known else self._parts[:1]
        return _mixed([part.share for part in parts], [part.fit(known, before, after) for part in parts])
