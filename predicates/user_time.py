"""User time, compared with the good endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.predicate import Run
from bisector.units import format_seconds

from .figures import RatioOptions, RatioPredicate


class UserTime(RatioPredicate[RatioOptions]):
    """User seconds of the whole process tree. Other work on the machine hardly changes it.

    A test that does not finish within the hunt's timeout is untestable, because it may have waited. So is one
    that fails, at the good endpoint too; list its exit code in `exits` if that is a normal end.
    """

    name = "user_time"
    of = " of user time"
    Options = RatioOptions
    missing = "used too little user time to be measured"

    def figure(self, run: Run) -> float | None:
        """Seconds."""
        return run.user

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Seconds so far."""
        return run.user

    def say(self, figure: float) -> str:
        """In seconds or milliseconds."""
        return format_seconds(figure)
