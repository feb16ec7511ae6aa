"""A ratio and its interval from interleaved pairs of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bisector.hunt.conclusion import Effect

_SMALLEST_SPREAD = 1e-9


def estimate(ratios: Sequence[float], confidence: float = 0.95) -> Effect:
    """The geometric mean of at least one ratio with its Student t interval on the log scale.

    Paired t interval: mean +- t(n - 1) * s / sqrt(n), see Student (1908). One ratio has no spread to
    judge by, so its interval is (0, inf).
    """
    logs = [math.log(ratio) for ratio in ratios]
    count = len(logs)
    mean = math.fsum(logs) / count
    if count == 1:
        return Effect(math.exp(mean), 0.0, math.inf, 1)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in logs) / (count - 1))
    half = student_t_quantile(0.5 + confidence / 2, count - 1) * max(spread, _SMALLEST_SPREAD)
    half = min(half / math.sqrt(count), 700 - abs(mean))
    return Effect(math.exp(mean), math.exp(mean - half), math.exp(mean + half), count)


def student_t_quantile(probability: float, degrees: int) -> float:
    """The value below which a Student t with integer `degrees` of freedom falls, for probability >= 0.5.

    By bisection on the closed form of the distribution function for integer degrees
    (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
    """
    low, high = 0.0, 1.0
    while _student_t_below(high, degrees) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if _student_t_below(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return high


def _student_t_below(value: float, degrees: int) -> float:
    angle = math.atan(value / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    term = cosine if degrees % 2 else 1.0
    total = term if degrees > 1 else 0.0
    for step in range(3 if degrees % 2 else 2, degrees - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    if degrees % 2:
        return 0.5 + (angle + sine * total) / math.pi
    return 0.5 + sine * total / 2
