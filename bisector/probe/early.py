"""Ending a measured run early: what it has used so far makes it certain that its commit is bad."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bisector.predicate import Bad, Measured, Predicate, Run
from bisector.probe.reading import Reading
from bisector.probe.supervision import EarlyJudgement, Watch

CLEAR = 2.0
"""How far above the highest ratio of the good endpoint certainty begins: an outlier (one run in ten, by a
factor of 1.6) does not get there."""


FIRST = 1.5 * CLEAR**2
"""As `CLEAR`, for the first run of the bad endpoint: half way to it is still clear of good, and there is room
for a suite that has grown."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The premise's paired readings of either endpoint: what good and what bad is when it runs whole."""

    good: Sequence[Reading]
    bad: Sequence[Reading]

    @property
    def whole(self) -> tuple[Run, ...]:
        """The runs that came to their own end."""
        readings = (reading for reading in (*self.good, *self.bad) if isinstance(reading.judgement, Measured))
        return tuple(reading.run for reading in readings if reading.run)


def bar(predicate: Predicate[Any], endpoints: Endpoints) -> float | None:
    """The ratio from which on a run is nearer to the bad endpoint than to the good one beyond doubt.

    Half way (of the logarithm) between the highest ratio of good and the lowest of bad; None where that
    is not clear of good's. For a run of the bad endpoint itself, of which nothing is known yet, so far above
    good that half way to it will be clear.
    """
    good, bad = (
        list(_ratios(predicate, readings, endpoints)) for readings in (endpoints.good, endpoints.bad)
    )
    if good and not endpoints.bad:
        return FIRST * max(*good, float(predicate.options.ratio) / CLEAR)
    if not good or not bad:
        return None
    middle = math.sqrt(max(good) * min(bad))
    return middle if middle > CLEAR * max(good) else None


def _ratios(predicate: Predicate[Any], readings: Sequence[Reading], endpoints: Endpoints) -> Iterator[float]:
    """What was measured, or what a run that was stopped at a limit had come to by then."""
    for reading in readings:
        if isinstance(reading.judgement, Measured):
            yield reading.judgement.value
        elif isinstance(reading.judgement, Bad) and reading.run and reading.reference:
            yield predicate.at_least(reading.run, reading.reference, endpoints.whole) or 0.0


def watching(
    own: Watch, predicate: Predicate[Any], endpoints: Endpoints | None, baseline: Run | None
) -> Watch:
    """`own`, and bad as soon as a paired run has come to the `bar`."""
    enough = bar(predicate, endpoints) if endpoints else None
    if endpoints is None or enough is None or baseline is None:
        return own
    whole = endpoints.whole

    def watch(run: Run) -> EarlyJudgement | None:
        if certain := own(run):
            return certain
        least = predicate.at_least(run, baseline, whole)
        if least is None or least < enough:
            return None
        return Bad(f"ended after {run.wall:.1f} s, already at {least:.1f}x the reference's or more", least)

    return watch
