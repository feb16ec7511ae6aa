"""Verdicts that flip: at known rates, or at unknown rates that are integrated out over a prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Bools, Channel, Floats, Readings
from bisector.search.outcomes import Measured, Outcome

REAL = 1e-9
"""The rate of false failures if "a failure is always real"; not zero, so a contradiction can be undone."""


@dataclass(frozen=True, slots=True)
class Rates:
    """A possible pair of error rates, and its share of the prior."""

    share: float
    false_bad: float
    false_good: float


def _likely_rates() -> tuple[Rates, ...]:
    """The default prior as discrete points: verdicts that flip for any commit, at one rate (.7) or at two
    (.05), or a bug that shows only in some runs, while good commits hardly ever fail (.25).

    Excludes rates at which a bug shows hardly more often than false alarms do: as long as these are likely,
    the search could never conclude "no regression".
    """
    same = np.geomspace(5e-4, 0.4, 24)
    two = np.geomspace(2e-3, 0.5, 9)
    hidden = np.linspace(0.1, 0.7, 9)
    points = [(p, p, w) for p, w in zip(same, 0.7 * _beta(same, 0.5, 6, spacing=same), strict=True)]
    for p, first in zip(two, _beta(two, 0.5, 3.5, spacing=two), strict=True):
        for q, second in zip(two, _beta(two, 0.5, 3.5, spacing=two), strict=True):
            if p + q < 0.8:
                points.append((p, q, 0.05 * first * second))
    for p, first in ((2e-4, 0.5), (2e-3, 0.35), (0.01, 0.15)):
        for q, second in zip(hidden, _beta(hidden, 8, 8), strict=True):
            points.append((p, q, 0.25 * first * second))
    return tuple(Rates(float(share), float(p), float(q)) for p, q, share in points)


def _beta(rate: Floats, a: float, b: float, spacing: Floats | float = 1.0) -> Floats:
    """A Beta distribution at points with this spacing, as shares."""
    density = rate ** (a - 1) * (1 - rate) ** (b - 1) * spacing
    shares: Floats = density / density.sum()
    return shares


def _rates_of_real_failures() -> tuple[Rates, ...]:
    """The default prior if failures are always real: half for rates near 0, half around every second run."""
    hidden = np.geomspace(2e-3, 0.7, 24)
    shares = _beta(hidden, 0.5, 5, spacing=hidden) + _beta(hidden, 8, 8, spacing=hidden)
    return tuple(Rates(float(w), REAL, float(q)) for q, w in zip(hidden, shares, strict=True))


LIKELY_RATES = _likely_rates()
FIX_RATES = tuple(Rates(one.share, one.false_good, one.false_bad) for one in LIKELY_RATES)
"""The default prior of a search for a fix: a test that fails only in some runs does so before the step."""
REAL_FAILURES = _rates_of_real_failures()


@dataclass(frozen=True, slots=True)
class FlakyFit:
    """Likelihood of each class, and the error rates that each expects."""

    log_likelihood: Floats
    false_bad: Floats
    false_good: Floats
    known: bool
    """Whether both rates are given."""

    def channel(self, weight: Floats) -> Channel:
        """A reading is wrong at the rate that each class has learned."""
        if_good = np.stack((1 - self.false_bad, self.false_bad), axis=1)
        if_bad = np.stack((self.false_good, 1 - self.false_good), axis=1)
        return Channel(if_good, if_bad, np.array([0.0, 1.0]))

    def allowance(self, weight: Floats) -> float:
        """How much better than chance a verdict is (Youden's J): the smaller, the more the prior decides."""
        return 1.0 if self.known else 1 - float(weight @ (self.false_bad + self.false_good))


@dataclass(frozen=True, slots=True)
class Flaky:
    """Verdicts err independently at two rates: `false_bad` (a good commit looks bad) and `false_good`.

    A rate of None is unknown and integrated out over `prior`, the possible rates (None: `LIKELY_RATES`, or
    `REAL_FAILURES`). A known rate replaces that of the prior. `failure_is_real`: a bad verdict is never
    wrong.
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
            raise UsageError("false_bad + false_good must be below 1, else a verdict has no information")
        for part in self._prior:
            if part.share <= 0 or not (0 < part.false_bad < 1 and 0 < part.false_good < 1):
                raise UsageError(f"prior: {part} needs a positive share and rates between 0 and 1")
        if not self._prior:
            raise UsageError("prior: give at least one pair of rates")

    @property
    def _prior(self) -> tuple[Rates, ...]:
        default = REAL_FAILURES if self.failure_is_real else LIKELY_RATES
        return default if self.prior is None else self.prior

    @property
    def doubt(self) -> float:
        """By Ville's inequality, a commit is wrongly given up with probability at most 2 (1 - confidence)."""
        return 0.5

    def refuse(self, outcome: Outcome) -> str | None:
        """Measured values need a model of their spread."""
        if isinstance(outcome, Measured):
            return "Flaky() takes verdicts only: give the search noise=Timing() for measured values"
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> FlakyFit:
        """Count right and wrong verdicts for each class, on both sides of its step."""
        calls_good = ~calls_bad
        wrong_and_right = np.stack(
            (
                calls_good @ readings.bad,
                calls_good @ readings.good,
                calls_bad @ readings.good,
                calls_bad @ readings.bad,
            ),
            axis=1,
        )
        share, false_bad, false_good = self._possible()
        chances = np.stack((false_bad, 1 - false_bad, false_good, 1 - false_good))
        logs = wrong_and_right @ np.log(chances) + np.log(share)
        top = logs.max(axis=1, keepdims=True)
        weight = np.exp(logs - top)
        total = weight.sum(axis=1)
        return FlakyFit(
            top[:, 0] + np.log(total),
            weight @ false_bad / total,
            weight @ false_good / total,
            known=len(share) == 1,
        )

    def _possible(self) -> Floats:
        """Shape (3, pairs): share, false bad rate and false good rate of every possible pair of rates."""
        known = (None, REAL if self.failure_is_real else self.false_bad, self.false_good)
        possible = np.array([(part.share, part.false_bad, part.false_good) for part in self._prior]).T
        for row, rate in zip(possible, known, strict=True):
            if rate is not None:
                row[:] = max(rate, REAL)
        return possible[:, :1] if None not in known[1:] else possible
