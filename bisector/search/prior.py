"""The prior of a search, before any observation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Floats

PRIOR_TRUST = 0.9
"""Share of the prior that comes from the caller; the rest is even, so that no commit is ruled out."""
NO_REGRESSION = 0.01
"""Default prior of "no regression" for readings that err."""
LAST_ALONE = 0.025
"""Impartial prior that only the bad endpoint is bad. Only its own readings support that, so with an even
share of a long range it would lose to "no regression"."""


def prior_of_none(size: int, given: float | None, *, certain: bool) -> float:
    """Prior probability that none of `size` commits is bad: as given, or the default for the noise model."""
    if given is None:
        return 1 / (size + 1) if certain else NO_REGRESSION
    if not 0 <= given < 1:
        raise UsageError(f"no_regression is {given}: give a probability from 0 to below 1")
    return given


def impartial(size: int) -> Floats:
    """Shape (size + 1,): half "no regression", the other half even except for `LAST_ALONE`."""
    prior = np.append(np.full(size, (0.5 - LAST_ALONE) / size), 0.5)
    prior[-2] += LAST_ALONE
    return prior


def established(prior: Floats, evidence: float) -> Floats:
    """The prior (N + 1,) updated by a Bayes factor for a regression (below 1: against one)."""
    if not 0 < evidence < math.inf:
        raise UsageError(f"evidence is {evidence}: give a Bayes factor, a positive number")
    posterior = prior.copy()
    posterior[-1] /= evidence
    posterior /= posterior.sum()
    return posterior


def softened(size: int, weights: Sequence[float] | Floats | None, none: float) -> Floats:
    """Shape (size + 1,): the caller's weights, softened, and "no regression" last."""
    even = np.full(size, 1 / size)
    if weights is not None:
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != (size,) or not np.isfinite(given).all() or (given < 0).any() or given.sum() <= 0:
            raise UsageError(f"prior: give {size} weights, none negative, not all zero")
        even = PRIOR_TRUST * given / given.sum() + (1 - PRIOR_TRUST) * even
    return np.append(even * (1 - none), none)
