"""Quadrature for `Timing`: both levels on a lattice of points near the data, for one spread at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bisector.search.noise import Bools, Floats, Ints

SPACING = 1.2
"""Standard deviations of a level between points: the trapezoid rule then errs below 1e-5 on a normal."""
REACH = 3.0
"""How far from the data, in spreads, a level may be."""
MOST_POINTS = 240
COARSE = 0.7
"""Steps of ln(spread) in the first pass."""
REFERENCE_SD = 0.03
"""How far from 1 the good level of ratios to the good endpoint may be (as a logarithm)."""
NO_READING_STEP = 0.35
"""The expected step to a level without readings."""


class StepModel(Protocol):
    """What the quadrature needs to know about the model."""

    @property
    def ratio(self) -> bool:
        """Whether the good level is near 0."""

    @property
    def direction(self) -> str:
        """The direction of the step; "either" if unknown."""

    def log_density(self, z: Floats, pool: Floats, share: float) -> Floats:
        """Log density of a standardised reading, if `share` of all readings are outliers."""

    def step_density(self, step: Floats, spread: float) -> Floats:
        """Prior density of the step, unnormalised."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of the integral over spread and share of outliers."""

    spread: float
    share: float
    log_weight: float


@dataclass(frozen=True, slots=True)
class Data:
    """Readings (as logarithms), their columns, and which columns each class calls bad."""

    values: Floats
    own: Floats
    """The standard deviation of what disturbed each reading alone."""
    column_start: Ints
    """The index of each column's first reading."""
    calls_bad: Bools

    def by_class(self, of_reading: Floats) -> tuple[Floats, Floats]:
        """Sums over the readings that each class calls good, and bad; both (classes, points)."""
        of_column = np.add.reduceat(of_reading, self.column_start, axis=0)
        bad: Floats = self.calls_bad.astype(np.float64) @ of_column
        return of_column.sum(axis=0) - bad, bad

    def spreads(self, spread: float) -> Floats:
        """The standard deviation of each reading, if `spread` is what all readings share."""
        return np.hypot(spread, self.own)

    def pool(self, spreads: Floats) -> Floats:
        """Density (in its spreads) of the pool of all other readings at each one, with normal kernels."""
        z = (self.values[:, None] - self.values) / spreads[:, None]
        others = np.exp(-0.5 * z * z).sum(axis=1) - 1
        density: Floats = others / max(len(z) - 1, 1) / math.sqrt(2 * math.pi)
        return density


def spread_log_prior(spread: float) -> float:
    """Log prior density of the logarithm of the spread: wide, around 5%."""
    return -0.5 * (math.log(spread / 0.05) / 1.6) ** 2


def coarse_spreads() -> Iterator[float]:
    """Spreads (of the logarithm) from 1.2 down to 0.0001."""
    return (1.2 * math.exp(-COARSE * k) for k in range(14))


def fine_spreads(coarse: list[tuple[float, float]], readings: int, negligible: float) -> list[float]:
    """Spreads dense enough for so many readings, where the coarse ones (spread, log mass) have mass."""
    top = max(mass for _, mass in coarse)
    near = [spread for spread, mass in coarse if mass > top - negligible]
    low, high = math.log(min(near)) - COARSE / 2, math.log(max(near)) + COARSE / 2
    # The posterior of ln(spread) has standard deviation 1/sqrt(2n).
    count = max(3, math.ceil((high - low) * math.sqrt(2 * readings + 2) / 1.5))
    return [math.exp(low + (k + 0.5) * (high - low) / count) for k in range(count)]


@dataclass(frozen=True, slots=True)
class Level:
    """Both levels integrated out at one setting; all fields except `setting` have shape (classes,)."""

    setting: Setting
    log_likelihood: Floats
    before: Floats
    before_square: Floats
    after: Floats
    after_square: Floats

    def mass(self, prior: Floats) -> float:
        """Log of the prior-weighted likelihood of all classes."""
        top = float(self.log_likelihood.max())
        return top + math.log(float(prior @ np.exp(self.log_likelihood - top)) + 1e-300)


def integrate(model: StepModel, data: Data, spread: float, settings: list[Setting]) -> list[Level]:
    """Sum over pairs of lattice points (level before, level after), for settings of the same spread."""
    cells, width = _lattice(data, spread, model.ratio)
    points: Floats = (cells + 0.5).astype(np.float64) * width
    # Only differences of cells matter, so the step's density is computed once per difference.
    apart = cells[None, :] - cells[:, None]
    span = int(cells[-1] - cells[0])
    density = model.step_density(np.arange(-span, span + 1, dtype=np.float64) * width, spread)
    kernel: Floats = density[apart + span] * (width / _normaliser(model, spread))
    before = _before_prior(points, width, model.ratio)
    spreads = data.spreads(spread)
    z, pool = (data.values[:, None] - points) / spreads[:, None], data.pool(spreads)[:, None]
    unit, grid = np.log(spreads)[:, None], (points, before, kernel)
    return [
        _level(model, data, setting, grid, model.log_density(z, pool, setting.share) - unit)
        for setting in settings
    ]


def _level(
    model: StepModel, data: Data, setting: Setting, grid: tuple[Floats, Floats, Floats], of_reading: Floats
) -> Level:
    points, before_prior, kernel = grid
    good_log, bad_log = data.by_class(of_reading)
    good, good_top = _scaled(good_log)
    bad, bad_top = _scaled(bad_log)
    good *= before_prior
    seen_bad: Bools = np.asarray(data.calls_bad.any(axis=1))
    seen_good: Bools = np.asarray((~data.calls_bad).any(axis=1) | model.ratio)
    # A level without readings integrates to one; the lattice would truncate its prior.
    both = good * np.where(seen_bad[:, None], bad @ kernel.T, 1.0)
    other = bad * np.where(seen_good[:, None], good @ kernel, before_prior[0])
    total = np.where(seen_good, both.sum(axis=1), other.sum(axis=1)) + 1e-300
    before, before_square = _moments(both, points)
    after, after_square = _moments(other, points)
    guess = 0.0 if model.direction == "either" else NO_READING_STEP
    vague = NO_READING_STEP**2
    return Level(
        setting,
        np.log(total) + good_top + bad_top + setting.log_weight,
        np.where(seen_good, before, after - guess),
        np.where(seen_good, before_square, (after - guess) ** 2 + vague),
        np.where(seen_bad, after, before + guess),
        np.where(seen_bad, after_square, (before + guess) ** 2 + vague),
    )


def _lattice(data: Data, spread: float, ratio: bool) -> tuple[Ints, float]:
    """Cells within reach of the data, as multiples of the returned width."""
    values, spreads = data.values, data.spreads(spread)
    width = SPACING * spread / math.sqrt(len(values))
    if ratio:
        values = np.append(values, np.linspace(-2 * REFERENCE_SD, 2 * REFERENCE_SD, 9))
        spreads = np.append(spreads, np.full(9, spread))
    while True:
        cells = _cells_near(values / width, REACH * spreads / width)
        if len(cells) <= MOST_POINTS:
            return cells, width
        width *= 1.3


def _cells_near(values: Floats, reach: Floats) -> Ints:
    """The cells (of width 1) within reach of each value."""
    nearest, half = np.floor(values).astype(np.int64), np.ceil(reach).astype(np.int64)
    spans = np.unique(np.stack((nearest - half, nearest + half + 1), axis=1), axis=0)
    # Overlapping spans are merged, since there may be hundreds of readings with thousands of cells each.
    latest = np.maximum.accumulate(spans[:, 1])
    begins = np.flatnonzero(np.append(True, spans[1:, 0] > latest[:-1]))
    ends = latest[np.append(begins[1:] - 1, len(spans) - 1)]
    runs = [np.arange(low, high) for low, high in zip(spans[begins, 0], ends, strict=True)]
    return np.concatenate(runs)


def _before_prior(points: Floats, width: float, ratio: bool) -> Floats:
    """Prior mass of each point as the good level: flat, or near 1 (Student's t with 3 degrees of freedom)."""
    if not ratio:
        return np.full(len(points), width)
    density: Floats = width * 0.3675 / REFERENCE_SD * (1 + (points / REFERENCE_SD) ** 2 / 3) ** -2
    return density


def _normaliser(model: StepModel, spread: float) -> float:
    logs = np.linspace(math.log(1e-5), math.log(20.0), 200)
    step = np.exp(logs)
    density = model.step_density(step, spread) + model.step_density(-step, spread)
    return float((density * step).sum() * (logs[1] - logs[0])) + 1e-300


def _scaled(log_values: Floats) -> tuple[Floats, Floats]:
    top = log_values.max(axis=1)
    return np.exp(log_values - top[:, None]), top


def _moments(weight: Floats, points: Floats) -> tuple[Floats, Floats]:
    total = weight.sum(axis=1) + 1e-300
    return weight @ points / total, weight @ points**2 / total
