"""Peak memory, compared with the good endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.predicate import Ending, Run
from bisector.units import format_size

from .figures import RatioOptions, RatioPredicate


class PeakMemory(RatioPredicate[RatioOptions]):
    """Peak memory of the whole process tree.

    A test killed at the hunt's memory limit is bad; one that runs into the timeout is untestable. So is one
    that fails, at the good endpoint too; list its exit code in `exits` if that is a normal end.
    """

    name = "peak_memory"
    Options = RatioOptions
    bad_endings = frozenset({Ending.MEMORY_LIMIT})
    missing = "was too short for its memory to be measured"

    def figure(self, run: Run) -> float | None:
        """Bytes."""
        return run.peak_memory

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """Bytes so far."""
        return run.peak_memory

    def is_exact(self, run: Run, other: Run) -> bool:
        """The same to the byte."""
        return self.has_same_digits(run, other)

    def say(self, figure: float) -> str:
        """In binary units."""
        return f"{format_size(figure)} at most"
