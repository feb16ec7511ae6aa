"""Marker lines within a time limit."""

from __future__ import annotations

import re

from pydantic import Field

from bisector.pattern import Regex
from bisector.predicate import Bad, Ending, Good, Judgement, Match, Options, Predicate, Run, Untestable
from bisector.units import Duration

from .outcomes import Outcome, how_it_ended, outcome


class MarkersWithinOptions(Options):
    """Options of `markers_within`."""

    pattern: Regex = Field(re.compile(r"^\(ok-len"), description="Regular expression for a marker line.")
    count: int = Field(1, ge=1, le=10_000, description="Number of markers to wait for.")
    within: Duration = Field(120.0, gt=0, le=3650 * 86400, description="Time within which they must appear.")
    missing: Outcome = Field(
        "bad", description="Verdict if the test ends on its own before that time with too few markers."
    )


class MarkersWithin(Predicate[MarkersWithinOptions]):
    """Good as soon as enough lines match, bad as soon as the time is over.

    If the machine reports how long the test waited for a CPU, that time does not count.
    """

    name = "markers_within"
    Options = MarkersWithinOptions
    by_wall_clock = True
    allows_for_waiting = True

    @property
    def patterns(self) -> tuple[str, ...]:
        """The marker line."""
        return (self.options.pattern.pattern,)

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """Certain once the markers are there, or once their time is over."""
        wanted, within = self.options.count, self.options.within
        markers = self._markers(run)
        if len(markers) >= wanted and run.with_a_cpu(markers[wanted - 1].at) <= within:
            return Good(f"{_markers(wanted)} within {run.with_a_cpu(markers[wanted - 1].at):.1f} s")
        if run.with_a_cpu(run.wall) > within:
            seen = sum(run.with_a_cpu(marker.at) <= within for marker in markers)
            return Bad(f"{seen} of {_markers(wanted)} within {within:g} s")
        return None

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The verdict of `watch`; else, what the end of the test means for missing markers."""
        certain = self.watch(run)
        if certain:
            return certain
        why = f"{len(self._markers(run))} of {_markers(self.options.count)} when the test {how_it_ended(run)}"
        if run.ending in (Ending.EXITED, Ending.SIGNALLED):
            return outcome(self.options.missing, why)
        return Untestable(why)

    def _markers(self, run: Run) -> tuple[Match, ...]:
        return tuple(run.matches.get(self.options.pattern.pattern, ()))


def _markers(count: int) -> str:
    return f"{count} marker" if count == 1 else f"{count} markers"
