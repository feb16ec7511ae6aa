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
    """Each class and how many of the verdicts it makes lies."""

    log_likelihood: Floats

    def channel(self, weight: Floats) -> Channel:
        """A reading tells good from bad for sure."""
        good = np.tile([1.0, 0.0], (len(weight), 1))
        return Channel(good, good[:, ::-1], np.array([0.0, 1.0]))

    def allowance(self, weight: Floats) -> float:
        """Nothing is unknown."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Exact:
    """Verdicts are always right; the search ends when one commit is left."""

    certain: bool = True

    @property
    def doubt(self) -> float:
        """Certainty is asked for anyway."""
        return 1.0

    def refuse(self, outcome: Outcome) -> str | None:
        """Measured values need a model of their spread."""
        if isinstance(outcome, Measured):
            return "Exact() takes verdicts only: give the search noise=Timing() for measured values"
        return None

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> ExactFit:
        """Count the lies of each class."""
        lies = calls_bad @ readings.good + (~calls_bad) @ readings.bad
        return ExactFit(LIE * lies.astype(np.float64))
