"""Wall time, against the good endpoint's."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.predicate import Ending, Run

from .figures import RatioOptions, RatioPredicate


class WallTime(RatioPredicate[RatioOptions]):
    """Seconds from start to end. Other work on the machine changes it, so prefer user time if you can.

    A test that does not finish within the hunt's timeout is bad.
    """

    name = "wall_time"
    Options = RatioOptions
    by_wall_clock = True
    bad_endings = frozenset({Ending.TIMEOUT})
    missing = "took no time"

    def figure(self, run: Run) -> float | None:
        """Seconds."""
        return run.wall

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Seconds until now."""
        return run.wall

    def say(self, figure: float) -> str:
        """In seconds."""
        return f"{figure:.3g} s"
