"""A ratio and its interval from interleaved pairs of runs."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

from bisector.hunt.conclusion import Effect

_SMALLEST_SPREAD = 1e-9
_FEW = 5


def estimate(ratios: Sequence[float], confidence: float = 0.95) -> Effect:
    """The typical ratio of one or more pairs with its interval, computed on the log scale.

    Up to five pairs: geometric mean and Student's t interval (Student 1908). From six pairs, enough to
    resist outliers: the median of the Walsh averages and the interval that inverts the Wilcoxon signed-rank
    test (Hodges and Lehmann 1963; Hollander and Wolfe, 3.2 and 3.3), which assumes only symmetry. One ratio
    shows no spread, so its interval is (0, inf).
    """
    logs = [math.log(ratio) for ratio in ratios]
    if len(logs) == 1:
        return Effect(math.exp(logs[0]), 0.0, math.inf, 1)
    interval = _by_student if len(logs) <= _FEW else _by_signed_ranks
    middle, low, high = interval(logs, (1 - confidence) / 2)
    return Effect(math.exp(middle), math.exp(low), math.exp(high), len(logs), _p_of_no_difference(logs))


def _by_student(logs: Sequence[float], tail: float) -> tuple[float, float, float]:
    mean, error = _mean_and_error(logs)
    half = min(student_t_quantile(1 - tail, len(logs) - 1) * error, 700 - abs(mean))
    return mean, mean - half, mean + half


def _mean_and_error(logs: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error."""
    count = len(logs)
    mean = math.fsum(logs) / count
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in logs) / (count - 1))
    return mean, max(spread, _SMALLEST_SPREAD) / math.sqrt(count)


def _p_of_no_difference(logs: Sequence[float]) -> float:
    mean, error = _mean_and_error(logs)
    return 2 * (1 - _student_t_below(abs(mean) / error, len(logs) - 1))


def _by_signed_ranks(logs: Sequence[float], tail: float) -> tuple[float, float, float]:
    walsh = sorted((one + other) / 2 for at, one in enumerate(logs) for other in logs[: at + 1])
    cut = _signed_rank_cut(len(logs), tail)
    return statistics.median(walsh), walsh[cut], walsh[-1 - cut]


def _signed_rank_cut(count: int, tail: float) -> int:
    """How many Walsh averages to leave out at each end: the largest k with P(W <= k) <= tail."""
    ways = [1]
    for rank in range(1, count + 1):
        longer = [0] * (len(ways) + rank)
        for total, number in enumerate(ways):
            longer[total] += number
            longer[total + rank] += number
        ways = longer
    below = itertools.accumulate(number / 2**count for number in ways)
    return next(k for k, probability in enumerate(below) if probability > tail) - 1


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
