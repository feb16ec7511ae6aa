"""Readings that a single step cannot explain."""

from __future__ import annotations

from bisector.search.belief import Belief
from bisector.search.conclusion import Misfit
from bisector.search.noise_exact import LIE


def contradiction(belief: Belief) -> Misfit | None:
    """Verdicts that never err but contradict each other, whichever commit is the first bad one."""
    if not belief.noise.certain or belief.fit.log_likelihood.max() > LIE / 2:
        return None
    best = int(belief.fit.log_likelihood.argmax())
    calls_bad = belief.calls_bad[best]
    wrong = (calls_bad & (belief.readings.good > 0)) | (~calls_bad & (belief.readings.bad > 0))
    commits = tuple(c for c, odd in zip(belief.readings.commits, wrong, strict=True) if odd)
    return Misfit("the verdicts contradict each other: no single step explains them all", commits, 0.0)
