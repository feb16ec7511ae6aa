"""The interface of noise models: likelihoods by class of hypotheses, and predictions of the next reading.

Two hypotheses (first bad commits) are in the same *class* if they call the same observed commits bad. The
likelihood of readings depends only on the class, so a model works on a table of classes, not on the graph.
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
    """All readings, grouped by observed commit (columns, in ascending order of commit)."""

    commits: tuple[int, ...]
    good: Ints
    """Shape (m,): number of Good() in each column."""
    bad: Ints
    values: tuple[tuple[float, ...], ...]
    """The logarithms of the measured values in each column, sorted."""
    spreads: tuple[tuple[float, ...], ...]
    """The standard deviation of what disturbed each of the `values` alone."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Distribution of the next reading, by class: shape (classes, outcomes), each row sums to 1."""

    if_good: Floats
    """At a commit that the class calls good."""
    if_bad: Floats
    bad_verdict: Floats
    """Shape (outcomes,): cost of an outcome between that of a good (0) and a bad verdict (1)."""


class Fit(Protocol):
    """A model fitted to the readings, class by class."""

    @property
    def log_likelihood(self) -> Floats:
        """Shape (classes,): log P(all readings | class), unknown parameters integrated out."""

    def channel(self, weight: Floats) -> Channel:
        """Prediction of the next reading; `weight` (classes,) is the posterior of each class."""

    def allowance(self, weight: Floats) -> float:
        """Share of the stated error probability that the posterior may use. The rest allows for a wrong prior
        of unknown parameters. `weight` (classes,) is the posterior of each class.
        """


class Noise(Protocol):
    """How readings err."""

    @property
    def certain(self) -> bool:
        """Whether readings never err, so that the search ends only with certainty."""

    @property
    def doubt(self) -> float:
        """The factor in doubt / (1 - confidence), by which "no regression" must be likelier than a commit."""

    def refuse(self, outcome: Outcome) -> str | None:
        """Why this model does not support an outcome; None if it does."""

    def fit(self, readings: Readings, calls_bad: Bools, prior: Floats) -> Fit:
        """Fit to the readings; `calls_bad` (classes, columns), `prior` (classes,) sums to 1."""
