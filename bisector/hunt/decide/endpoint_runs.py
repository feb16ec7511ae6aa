"""The runs of both endpoints that a predicate reviews other runs by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bisector.hunt.stored import kept
from bisector.predicate import Bad, Ending, Ends, Good, Measured, Run
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def reviewed_by(request: Request, good: str, bad: str, readings: Sequence[Reading]) -> Request:
    """The request with the runs of the endpoints `good` ('' if there is none yet) and `bad`.

    They depend only on the readings, and on nothing that the journal drops: a resumed hunt has the same.
    """
    endpoint: Literal["good", "bad"] | None = None
    if request.commit in (good, bad):
        endpoint = "good" if request.commit == good else "bad"
    return replace(request, ends=ends_of(good, bad, readings), endpoint=endpoint)


def ends_of(good: str, bad: str, readings: Sequence[Reading]) -> Ends:
    """The first whole run of `good` that is not judged bad, and of `bad` that is not judged good."""
    return Ends(_first(good, readings, Good), _first(bad, readings, Bad))


def _first(commit: str, readings: Sequence[Reading], kind: type[Good | Bad]) -> Run | None:
    runs = (
        reading.run
        for reading in sorted(readings, key=lambda reading: reading.at)
        if reading.commit == commit
        and reading.role is not Role.VERIFICATION
        and isinstance(reading.judgement, kind | Measured)
    )
    return next((kept(run) for run in runs if run and run.ending is not Ending.JUDGED), None)


def are_awaited(good: str, bad: str, readings: Sequence[Reading]) -> bool:
    """Whether one of the endpoints has no reading yet."""
    return not {good, bad} <= {reading.commit for reading in readings}
