"""Verdicts that never err."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.noise import Bools, Channel, Floats, Readings
from bisector.search.outcomes import Measured, Outcome

LIE = -1e6
"""Log-likelihood of one false verdict: finite, so that contradictory verdicts still leave a posterior."""


@dataclass(frozen=True, slots=True)
class ExactFit:
    """The likelihood of each class, from the number of verdicts that it contradicts."""

    log_likelihood: Floats

    def channel(self, weight: Floats) -> Channel:
        """A reading distinguishes good from bad with certainty."""
        good = np.tile([1.0, 0.0], (len(weight), 1))
        return Channel(good, good[:, ::-1], np.array([0.0, 1.0]))

    def allowance(self, weight: Floats) -> float:
        """All of it, because no parameter is unknown."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Exact:
    """Verdicts are always right; the search ends when one commit is left."""

    certain: bool = True

    @property
    def doubt(self) -> float:
        """No effect, because certainty is required anyway."""
        return 1.0

    def refuse(self, outcome: Outcome) -> str | None:
        """Measured values need a model of their spread."""
        if isinstance(outcome, Measured):
            return "Exact() takes verdicts only: give the search noise=Timing() for measured values"
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> ExactFit:
        """Count the verdicts that each class contradicts."""
        lies = calls_bad @ readings.good + (~calls_bad) @ readings.bad
        return ExactFit(LIE * lies.astype(np.float64))
