"""What a deadline should be, given how long the test takes when nothing else runs."""

from __future__ import annotations

from enum import Enum

FACTOR = 5.0
"""A deadline is this many times the quiet wall time: contention stretched the plan's runs by 4 to 5."""

TIGHT = 2.0
"""Below this many times the quiet wall time a busy machine runs into the deadline."""

LOOSE = 4.0
"""Above this many times the recommended value a regression hides behind the deadline."""

_SHORTEST = 10.0
"""No shorter deadline is recommended: starting processes alone can take seconds on a busy machine."""

_ROUND = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2400, 3600)


class Fit(Enum):
    """How a deadline fits what it guards."""

    TOO_TIGHT = "too tight"
    FITS = "fits"
    TOO_LOOSE = "too loose"
    OF_A_PART = "of a part"
    """It is shorter than the test and did not end it, so what it guards is shorter than the test."""
    UNKNOWN = "not measured"


def recommended(wall: float, factor: float = FACTOR) -> float:
    """`factor` times the quiet wall time in seconds, rounded up to a round number."""
    least = max(factor * wall, _SHORTEST)
    hours = 3600 * -(-least // 3600)
    return float(next((value for value in _ROUND if value >= least), hours))


def fit(deadline: float, wall: float, factor: float = FACTOR, *, held: bool = False) -> Fit:
    """How a deadline fits a test of `wall` seconds; `held` when the test ran under it to its end."""
    if deadline < wall and held:
        return Fit.OF_A_PART
    if deadline < TIGHT * wall:
        return Fit.TOO_TIGHT
    return Fit.TOO_LOOSE if deadline > LOOSE * recommended(wall, factor) else Fit.FITS
