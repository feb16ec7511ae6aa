"""Wall time, compared with the good endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.predicate import Ending, Run
from bisector.units import format_seconds

from .figures import RatioOptions, RatioPredicate


class WallTime(RatioPredicate[RatioOptions]):
    """Seconds from start to end, without the time in which the test waited for a CPU.

    Other work on the machine still changes it (caches, clock speed), so prefer user time if you can.

    A test that does not finish within the hunt's timeout is bad. One that fails is untestable, at the good
    endpoint too; list its exit code in `exits` if that is a normal end.
    """

    name = "wall_time"
    Options = RatioOptions
    by_wall_clock = True
    bad_endings = frozenset({Ending.TIMEOUT})
    missing = "took no time"

    def figure(self, run: Run) -> float | None:
        """Seconds with a CPU."""
        return run.with_a_cpu(run.wall)

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Seconds with a CPU so far; None if the machine does not measure the waiting."""
        return run.with_a_cpu(run.wall) if run.contention.waited is not None else None

    def say(self, figure: float) -> str:
        """In seconds or milliseconds."""
        return format_seconds(figure)
