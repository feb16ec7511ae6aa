"""Measured values: one step between two unknown levels, with an unknown, heavy-tailed spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisector.errors import UsageError
from bisector.search.lattice import (
    Data,
    Level,
    Setting,
    coarse_spreads,
    fine_spreads,
    integrate,
    spread_log_prior,
)
from bisector.search.noise import Bools, Channel, Floats, Readings
from bisector.search.outcomes import Outcome

VERDICT_ERROR = 0.02
"""How often a plain verdict (such as a timeout) among measured values is wrong."""
OUTLIER_SHARES = ((0.003, 0.6), (0.1, 0.4))
"""Shares of outliers with their prior weights, if the share is unknown."""
STRAY = 0.75
"""Share of the outliers that look like any other reading."""
NEGLIGIBLE = 9.0
"""The integral omits spreads this many nats below the likeliest."""


@dataclass(frozen=True, slots=True)
class TimingFit:
    """Likelihood of each class, and the levels and spread that it expects (all as logarithms)."""

    log_likelihood: Floats
    before: Floats
    before_sd: Floats
    """Standard deviation of the next reading at a good commit: spread and uncertainty of the level."""
    after: Floats
    after_sd: Floats
    spread: Floats
    outliers: Floats

    def channel(self, weight: Floats) -> Channel:
        """Bin the next reading finely enough to resolve both levels at the expected spread."""
        low, high = float(weight @ self.before), float(weight @ self.after)
        spread = float(weight @ self.spread)
        steps = np.linspace(-2.6, 2.6, 10)
        edges = np.unique(np.concatenate((low + spread * steps, high + spread * steps)))
        middle = (low + high) / 2
        centres = np.concatenate((edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]))
        beyond = centres > middle if high >= low else centres < middle
        if_good = _binned(self.before, self.before_sd, edges)
        if_bad = _binned(self.after, self.after_sd, edges)
        pool = weight @ (if_good + if_bad) / 2
        stray = (STRAY * self.outliers)[:, None]
        return Channel(
            (1 - stray) * if_good + stray * pool,
            (1 - stray) * if_bad + stray * pool,
            beyond.astype(np.float64),
        )

    def separation(self, weight: Floats) -> float:
        """The expected step, in expected spreads of one reading."""
        return abs(float(weight @ (self.after - self.before))) / float(weight @ self.spread)

    def allowance(self, weight: Floats) -> float:
        """All of it: simulated hunts are right more often than stated, even with heavy tails and outliers."""
        return 1.0


def _binned(mean: Floats, sd: Floats, edges: Floats) -> Floats:
    z = (edges[None, :] - mean[:, None]) / sd[:, None]
    # Page's logistic approximation of the normal distribution function, to 1e-4.
    below = 1 / (1 + np.exp(-np.clip(z * (1.5976 + 0.07056 * z * z), -60, 60)))
    edge = np.concatenate((np.zeros((len(mean), 1)), below, np.ones((len(mean), 1))), axis=1)
    mass = np.maximum(np.diff(edge, axis=1), 1e-9)
    share: Floats = mass / mass.sum(axis=1, keepdims=True)
    return share


def _combine(levels: list[Level], verdicts: Floats, sign: float) -> TimingFit:
    """Average over all settings, weighted by their likelihood for each class."""
    logs = np.stack([level.log_likelihood for level in levels])
    top = logs.max(axis=0)
    share = np.exp(logs - top)
    total = share.sum(axis=0)
    share /= total
    before, before_square, after, after_square = (
        (share * np.stack(rows)).sum(axis=0)
        for rows in (
            [level.before for level in levels],
            [level.before_square for level in levels],
            [level.after for level in levels],
            [level.after_square for level in levels],
        )
    )
    spreads = np.array([level.setting.spread for level in levels])
    variance = spreads**2 @ share
    outliers = np.array([level.setting.share for level in levels]) @ share
    return TimingFit(
        verdicts + top + np.log(total),
        sign * before,
        np.sqrt(np.maximum(before_square - before**2, 0) + variance),
        sign * after,
        np.sqrt(np.maximum(after_square - after**2, 0) + variance),
        np.exp(np.log(spreads) @ share),
        outliers,
    )


@dataclass(frozen=True, slots=True)
class Timing:
    """A measured value whose logarithm has a step at the first bad commit.

    `direction`: "up" if bad values are higher (slower), "down" if they are lower, "either" if unknown.
    `ratio`: whether values are ratios to the good endpoint, so that good commits are near 1. `min_ratio`: a
    step by a smaller factor is not a regression. `outliers`: the share of outliers, None if unknown.
    """

    direction: str = "up"
    ratio: bool = False
    min_ratio: float = 1.0
    outliers: float | None = None
    certain: bool = False

    def __post_init__(self) -> None:
        if self.direction not in ("up", "down", "either"):
            raise UsageError(f'direction is "{self.direction}": give "up", "down" or "either"')
        if self.min_ratio < 1:
            raise UsageError(f"min_ratio is {self.min_ratio}: give a factor of at least 1")
        if self.outliers is not None and not 0 <= self.outliers < 0.5:
            raise UsageError(f"outliers is {self.outliers}: give a share from 0 to below 0.5")

    @property
    def doubt(self) -> float:
        """Small, because readings can never exclude a step far below the spread that strongly."""
        return 0.05

    def refuse(self, outcome: Outcome) -> str | None:
        """Supports both verdicts and measured values."""
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> TimingFit:
        """Integrate out both levels, the spread and the share of outliers, for each class."""
        verdicts = self._verdicts(readings, calls_bad)
        columns = [np.array(values) for values in readings.values if values]
        own = np.array([spread for spreads in readings.spreads for spread in spreads])
        if not columns:
            return self._unmeasured(verdicts)
        measured = np.array([len(values) > 0 for values in readings.values], dtype=np.bool_)
        sign = -1.0 if self.direction == "down" else 1.0
        starts = np.cumsum([0, *(len(values) for values in columns[:-1])])
        data = Data(sign * np.concatenate(columns), own, starts, calls_bad[:, measured])
        return _combine(self._levels(data, prior), verdicts, sign)

    def _verdicts(self, readings: Readings, calls_bad: Bools) -> Floats:
        wrong = calls_bad @ readings.good + (~calls_bad) @ readings.bad
        right = calls_bad @ readings.bad + (~calls_bad) @ readings.good
        known: Floats = wrong * math.log(VERDICT_ERROR) + right * math.log1p(-VERDICT_ERROR)
        return known

    def _unmeasured(self, verdicts: Floats) -> TimingFit:
        shape = np.ones(len(verdicts))
        step = -0.4 if self.direction == "down" else 0.4
        return TimingFit(verdicts, 0 * shape, 0.1 * shape, step * shape, 0.4 * shape, 0.1 * shape, 0 * shape)

    def _levels(self, data: Data, prior: Floats) -> list[Level]:
        middling = self.outliers if self.outliers is not None else 0.05
        coarse: list[tuple[float, float]] = []
        for spread in coarse_spreads():
            setting = Setting(spread, middling, spread_log_prior(spread))
            coarse.append((spread, integrate(self, data, spread, [setting])[0].mass(prior)))
            masses = [mass for _, mass in coarse]
            if max(masses[-2:]) < max(masses) - NEGLIGIBLE:
                break
        levels: list[Level] = []
        for spread in fine_spreads(coarse, len(data.values), NEGLIGIBLE):
            settings = [
                Setting(spread, share, spread_log_prior(spread) + math.log(weight))
                for share, weight in self._shares()
            ]
            levels += integrate(self, data, spread, settings)
        return levels

    def _shares(self) -> tuple[tuple[float, float], ...]:
        return OUTLIER_SHARES if self.outliers is None else ((self.outliers, 1.0),)

    def log_density(self, z: Floats, pool: Floats, share: float) -> Floats:
        """Log density of a standardised reading: a normal with a share of outliers.

        A quarter of the outliers are heavy-tailed around the level (Student's t with 2 degrees of freedom,
        four times as wide). The others come from the pool of all readings, because the outlier that misleads
        is one that looks like a reading from the other side of the step.
        """
        normal = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        wide = (1 + (z / 4) ** 2 / 2) ** -1.5 / (4 * 2 * math.sqrt(2))
        density: Floats = np.log((1 - share) * normal + share * ((1 - STRAY) * wide + STRAY * pool) + 1e-300)
        return density

    def step_density(self, step: Floats, spread: float) -> Floats:
        """Prior density of the step (of the logarithm) at that spread, unnormalised.

        Lognormal around a factor of 1.4, and vanishing for steps far below the spread: with a prior of zero
        at "no step", evidence for "no step" grows as fast as evidence against it (the inverse moment prior
        of Johnson and Rossell, 2010).
        """
        size = np.abs(step)
        least = max(math.log(self.min_ratio), 1e-9)
        allowed = size >= least if self.direction == "either" else step >= least
        safe = np.where(allowed, size, 1.0)
        log_density = -0.5 * (np.log(safe / 0.35) / 1.2) ** 2 - np.log(safe) - (0.7 * spread / safe) ** 2
        density: Floats = np.where(allowed, np.exp(log_density), 0.0)
        return density
