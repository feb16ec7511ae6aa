"""Runs the test of a proposed hunt file at its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.trial import try_at
from bisector.hunt_file.proposal_symptoms import FLAKY, HANGS, RUNS_OF_FLAKY
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import Reading

_SURE = 3
"""Runs after which a good endpoint that always fails is taken for bad, as in the premise of a hunt."""
_PATIENCE = 20.0
"""Seconds after which an endpoint is not run again."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The readings of one endpoint, at least one; `name` is its revision."""

    name: str
    commit: str
    readings: Sequence[Reading]

    @property
    def telling(self) -> Reading:
        """The reading to show: the first bad one, else the last."""
        return next((r for r in self.readings if isinstance(r.judgement, Bad)), self.readings[-1])

    @property
    def works(self) -> bool:
        """Whether it can be judged."""
        return not any(isinstance(reading.judgement, Untestable) for reading in self.readings)

    @property
    def fails(self) -> int:
        """The number of bad readings."""
        return sum(isinstance(reading.judgement, Bad) for reading in self.readings)

    @property
    def seconds(self) -> float:
        """Seconds of its build and of its longest test."""
        runs = [reading.run.wall for reading in self.readings if reading.run]
        return max(reading.build_seconds for reading in self.readings) + max(runs, default=0.0)

    @property
    def wall(self) -> float:
        """Seconds of its longest test."""
        return max((reading.run.wall for reading in self.readings if reading.run), default=0.0)


@dataclass(frozen=True, slots=True)
class Ends:
    """The names and full ids of both endpoints; good is empty if it is not known."""

    good: str
    bad: str
    good_id: str
    bad_id: str

    def ids(self) -> dict[str, str]:
        """As overlays name them; without a good commit, bad stands for it."""
        return {"good": self.good_id or self.bad_id, "bad": self.bad_id}


def bad_endpoint(ground: Ground, ends: Ends, symptom: str, listener: Listener) -> Endpoint:
    """Read bad once; a flaky test again until it fails."""
    most = RUNS_OF_FLAKY if symptom == FLAKY else 1
    found = try_at(ground, ends.bad_id, ends.ids(), listener, until=Bad, most=most, seconds=_PATIENCE)
    return Endpoint(ends.bad, ends.bad_id, found)


def good_endpoint(ground: Ground, ends: Ends, symptom: str, listener: Listener) -> Endpoint:
    """Read good until it passes; a flaky test often, to see how often it fails."""
    until, most = (None, RUNS_OF_FLAKY) if symptom == FLAKY else (Good, _SURE)
    if ground.ratio is not None or symptom == HANGS:
        most = 1  # Each run of a test that hangs takes its whole timeout.
    found = try_at(ground, ends.good_id, ends.ids(), listener, until=until, most=most, seconds=_PATIENCE)
    return Endpoint(ends.good, ends.good_id, found)
