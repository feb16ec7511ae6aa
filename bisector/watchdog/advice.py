"""Recommends a deadline, given the wall time of the test on a quiet machine."""

from __future__ import annotations

from enum import Enum

FACTOR = 5.0
"""A deadline should be this multiple of the quiet wall time: load slowed the plan's runs down by 4 to 5."""

TIGHT = 2.0
"""Below this multiple of the quiet wall time, a busy machine hits the deadline."""

LOOSE = 4.0
"""Above this multiple of the recommended value, the deadline can hide a regression."""

_SHORTEST = 10.0
"""Shortest recommended deadline: on a busy machine, starting processes alone can take seconds."""

_ROUND = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2400, 3600)


class Fit(Enum):
    """How well a deadline fits."""

    TOO_TIGHT = "too tight"
    FITS = "fits"
    TOO_LOOSE = "too loose"
    OF_A_PART = "of a part"
    """It is shorter than the test but did not stop it, so it guards only a part of it."""
    UNKNOWN = "not measured"


def recommended(wall: float, factor: float = FACTOR) -> float:
    """`factor` times the quiet wall time in seconds, rounded up to a round number."""
    least = max(factor * wall, _SHORTEST)
    hours = 3600 * -(-least // 3600)
    return float(next((value for value in _ROUND if value >= least), hours))


def fit(deadline: float, wall: float, factor: float = FACTOR, *, held: bool = False) -> Fit:
    """How a deadline fits a test of `wall` seconds; `held` if the test finished under this deadline."""
    if deadline < wall and held:
        return Fit.OF_A_PART
    if deadline < TIGHT * wall:
        return Fit.TOO_TIGHT
    return Fit.TOO_LOOSE if deadline > LOOSE * recommended(wall, factor) else Fit.FITS
