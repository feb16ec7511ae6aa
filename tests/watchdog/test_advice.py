"""The recommended deadline, with the figures of the plan and at the limits."""

from __future__ import annotations

import pytest

from bisector.watchdog.advice import Fit, fit, recommended


@pytest.mark.parametrize(
    ("wall", "seconds"),
    [(57.8, 300), (60, 300), (60.01, 420), (205, 1200), (0.1, 10), (1000, 7200), (720, 3600), (721, 7200)],
)
def test_five_times_the_quiet_wall_rounded_up(wall: float, seconds: float) -> None:
    """The plan's 58 s give 300 s. Deadlines above an hour are rounded up to hours."""
    assert recommended(wall) == seconds


@pytest.mark.parametrize(
    ("deadline", "wall", "held", "expected"),
    [
        (120, 205, False, Fit.TOO_TIGHT),
        (2400, 58, True, Fit.TOO_LOOSE),
        (300, 58, True, Fit.FITS),
        (1200, 58, True, Fit.FITS),
        (1201, 58, True, Fit.TOO_LOOSE),
        (116, 58, True, Fit.FITS),
        (115, 58, True, Fit.TOO_TIGHT),
        (57, 58, True, Fit.OF_A_PART),
        (57, 58, False, Fit.TOO_TIGHT),
    ],
)
def test_how_a_deadline_fits(deadline: float, wall: float, held: bool, expected: Fit) -> None:
    """Erlang's 120 for 3m25s is too tight, and Tcl's 2400 for 58 s too loose."""
    assert fit(deadline, wall, held=held) is expected
