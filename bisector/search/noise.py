"""What every noise model offers: likelihoods by class of hypotheses, and what a next reading would show.

Two hypotheses (first bad commits) are of one *class* when they call the same observed commits bad. All
that readings can say depends on the class alone, so a model works on a table of classes, never on the
graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bisector.search.outcomes import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings, gathered by observed commit (columns, in rising order of commit)."""

    commits: tuple[int, ...]
    good: Ints
    """Shape (m,): how many Good() each column saw."""
    bad: Ints
    values: tuple[tuple[float, ...], ...]
    """The logarithms of the values measured at each column, sorted."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The next reading, by class: shape (classes, outcomes), each row sums to 1."""

    if_good: Floats
    """... at a commit which that class calls good."""
    if_bad: Floats
    bad_verdict: Floats
    """Shape (outcomes,): how far an outcome costs as a bad one does (0 good, 1 bad)."""


class Fit(Protocol):
    """A model fitted to the readings, class by class."""

    @property
    def log_likelihood(self) -> Floats:
        """Shape (classes,): log P(all readings | class), unknown parameters integrated out."""

    def channel(self, weight: Floats) -> Channel:
        """What a next reading would show; `weight` (classes,) is the posterior of each class."""

    def allowance(self, weight: Floats) -> float:
        """Share of the stated error probability that the posterior may use up, the rest being kept for
        what the prior of unknown parameters may have wrong; `weight` (classes,).
        """


class Noise(Protocol):
    """How readings err."""

    @property
    def certain(self) -> bool:
        """Whether readings never err, so that the search ends with certainty and nothing less."""

    @property
    def doubt(self) -> float:
        """How many times (1 / (1 - confidence)) likelier than each commit "no regression" must be."""

    def refuse(self, outcome: Outcome) -> str | None:
        """Why this model cannot take that outcome, or None if it can."""

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> Fit:
        """Fit to the readings; `calls_bad` (classes, columns), `prior` (classes,) sums to 1."""
