"""What a hunt under way knows about its commits, for the screen to show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.recording import premise_effect
from bisector.predicate import Bad
from bisector.probe.early import CLEAR
from bisector.probe.reading import Reading, Role
from bisector.report.findings import Side, share_between, side_by


class Standing:
    """The plan of a hunt under way and its readings so far; the caller adds each new one."""

    def __init__(self, plan: Plan, known: Known) -> None:
        self.plan = plan
        self._readings = list(known.readings)
        self._numbers: dict[str, int] = {}
        self._half, self._share = self._middle(), share_between(self._readings, plan.good[0], plan.bad)
        for reading in known.readings:
            self._count(reading)

    def add(self, reading: Reading) -> None:
        """Take a new reading into account."""
        self._readings.append(reading)
        self._count(reading)
        if reading.role is Role.PREMISE:
            self._half = self._middle()
        if reading.commit in (self.plan.good[0], self.plan.bad):
            self._share = share_between(self._readings, self.plan.good[0], self.plan.bad)

    def number(self, commit: str) -> int | None:
        """The number of the probe, in the order in which the search first asked for its commits."""
        return self._numbers.get(commit)

    def side(self, readings: Sequence[Reading]) -> Side:
        """The side of a commit by these readings; until the premise is decided, by the ratio of the hunt."""
        return side_by(readings, 1.0, self._half, self._share)

    def sides(self) -> dict[str, Side]:
        """The side of every commit that the search has read."""
        groups: dict[str, list[Reading]] = {}
        for reading in self._readings:
            if reading.role is Role.SEARCH:
                groups.setdefault(reading.commit, []).append(reading)
        return {commit: self.side(group) for commit, group in groups.items()}

    def _count(self, reading: Reading) -> None:
        if reading.role is Role.SEARCH:
            self._numbers.setdefault(reading.commit, len(self._numbers) + 1)

    def _middle(self) -> float | None:
        """The ratio half way up the step, as in reports; None for verdicts."""
        plan, known = self.plan, Known(tuple(self._readings))
        if plan.ratio is None:
            return None
        effect = premise_effect(plan, known)
        if effect is not None and not effect.low <= 1.0 <= effect.high:
            return math.sqrt(effect.ratio)
        if any(isinstance(reading.judgement, Bad) for reading in known.of(plan.bad)):
            return CLEAR
        return math.sqrt(plan.ratio)
