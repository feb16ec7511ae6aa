"""Drift: a slow change in a history of measurements, too small for a single comparison to notice.

Two rank tests are robust against outliers and skewed noise: Mann's test for a trend (Mann 1945, Kendall 1975)
finds a creep, Pettitt's test for a change point (Pettitt 1979) a step. The size of a creep is the slope of
Theil and Sen, that of a step the ratio of the medians on both sides; the model that fits better is reported.
Days that resemble each other (a busy week) count less than independent ones: the autocorrelation of the
residuals gives the effective number of points (Yue and Wang 2004).
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

FEWEST = 12
"""Fewest points for a finding: rank tests on fewer cannot be certain."""

MOST = 400
"""Most points that are examined (the newest): the tests compare every pair."""

SURE = 1e-4
"""Probability of a false alarm per check; small because the history is checked every day."""

MONTH = 30.0 * 86400


@dataclass(frozen=True, slots=True)
class Point:
    """The best time of one benchmark at one commit; `value` is positive, in any unit."""

    at: datetime
    commit: str
    value: float


@dataclass(frozen=True, slots=True)
class Drift:
    """An increase by `ratio` in total, between the commits `before` and `after`.

    `per_month` is the ratio of a creep over 30 days, None for a step. `p` is the probability of this in noise
    alone.
    """

    ratio: float
    before: Point
    after: Point
    p: float
    per_month: float | None = None


def find_drift(points: Sequence[Point], least: float) -> Drift | None:
    """The upward drift by at least `least` in the points (in any order); None if there is none."""
    best = _best_of_each_commit(points)[-MOST:]
    if len(best) < FEWEST:
        return None
    logs = [math.log(point.value) for point in best]
    at, p_step = _change_point(logs)
    p_trend = _p_of_trend(logs)
    if min(p_step, p_trend) > SURE:
        return None
    creep, step = _creep(best, logs), _step(logs, at)
    stepped = _criterion(logs, step, 3) < _criterion(logs, creep, 2)
    # Two tests of the same points: Bonferroni.
    p = min(1.0, 2 * min(p_step, p_trend) ** _worth(logs, step if stepped else creep))
    if p > SURE:
        return None
    if stepped:
        drift = Drift(math.exp(step[-1] - step[0]), best[at - 1], best[at], p)
    else:
        seconds = (best[-1].at - best[0].at).total_seconds()
        whole = creep[-1] - creep[0]
        drift = Drift(math.exp(whole), best[0], best[-1], p, math.exp(whole * MONTH / seconds))
    return drift if drift.ratio >= least else None


def _best_of_each_commit(points: Sequence[Point]) -> list[Point]:
    """One point per commit, so that many runs at one commit do not count as many commits."""
    in_time = sorted(points, key=lambda point: point.at)
    groups = itertools.groupby(in_time, key=lambda point: point.commit)
    return [min(group, key=lambda point: point.value) for _, group in groups]


def _p_of_trend(values: Sequence[float]) -> float:
    """One-sided p of Mann's test for an upward trend, with Kendall's variance for ties."""
    count = len(values)
    rising = sum((b > a) - (b < a) for a, b in itertools.combinations(values, 2))
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(values).values())
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    if rising <= 0 or variance <= 0:
        return 1.0
    return 0.5 * math.erfc((rising - 1) / math.sqrt(2 * variance))


def _change_point(values: Sequence[float]) -> tuple[int, float]:
    """The upward change point (the number of points before it), and Pettitt's one-sided p.

    The p is exp(-6 K^2 / (n^3 + n^2)), the tail of the statistic's approximate distribution.
    """
    count, statistic, most, at = len(values), 0, 0, 1
    for number in range(1, count):
        value = values[number - 1]
        statistic += sum((other > value) - (other < value) for other in values)
        if statistic > most:
            most, at = statistic, number
    return at, math.exp(-6 * most**2 / (count**3 + count**2))


def _worth(logs: Sequence[float], model: Sequence[float]) -> float:
    """The effective share of independent points: (1 - r) / (1 + r), with r at lag 1."""
    rest = [log - said for log, said in zip(logs, model, strict=True)]
    mean = statistics.fmean(rest)
    whole = math.fsum((value - mean) ** 2 for value in rest)
    if whole <= 0:
        return 1.0
    r = max(0.0, math.fsum((a - mean) * (b - mean) for a, b in itertools.pairwise(rest)) / whole)
    return (1 - r) / (1 + r)


def _creep(points: Sequence[Point], logs: Sequence[float]) -> list[float]:
    """The line through the points: slope of Theil and Sen, median intercept."""
    days = [(point.at - points[0].at).total_seconds() for point in points]
    pairs = itertools.combinations(zip(days, logs, strict=True), 2)
    slope = statistics.median([(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs if b[0] > a[0]] or [0.0])
    height = statistics.median(log - slope * day for day, log in zip(days, logs, strict=True))
    return [height + slope * day for day in days]


def _step(logs: Sequence[float], at: int) -> list[float]:
    before, after = statistics.median(logs[:at]), statistics.median(logs[at:])
    return [before] * at + [after] * (len(logs) - at)


def _criterion(logs: Sequence[float], model: Sequence[float], parameters: int) -> float:
    """Schwarz's criterion (1978) under Laplace noise, lower is better; a step's position is a parameter."""
    misfit = math.fsum(abs(log - said) for log, said in zip(logs, model, strict=True)) / len(logs)
    return 2 * len(logs) * math.log(max(misfit, 1e-9)) + parameters * math.log(len(logs))
