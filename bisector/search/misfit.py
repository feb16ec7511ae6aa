"""Detects readings that a single step cannot explain, by a posterior predictive permutation check.

Under a single step, readings on one side of it are exchangeable: which commit gave which reading is chance.
Several steps, a step that comes and goes, or a drifting machine make neighbours (in history or in time) err
together. The statistic is the largest standardised sum of residuals over any window of neighbours
(Kulldorff's scan statistic, 1997). Its null distribution comes from permuting the residuals of that side, so
unknown rates, levels and spreads need no estimate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bisector.search.belief import Belief
from bisector.search.conclusion import Misfit
from bisector.search.noise import Floats
from bisector.search.noise_exact import LIE
from bisector.search.outcomes import Bad, Measured, Observation, Untestable

LOOKS = (100, 900, 4000, 5000, 5000, 5000)
"""Permutations are drawn in batches of these sizes, until the pattern is clearly chance."""
P_VALUE = 0.00015
"""A misfit is reported below this; it is small because a hunt is checked many times."""
FEWEST = 8
"""A side with fewer readings cannot show a pattern."""
WINSOR = 3.0
"""Residuals are cut off at this many spreads, so that a single outlier makes no pattern."""


def contradiction(belief: Belief) -> Misfit | None:
    """Exact verdicts that contradict each other for every possible first bad commit."""
    if not belief.noise.certain or belief.fit.log_likelihood.max() > LIE / 2:
        return None
    best = int(belief.fit.log_likelihood.argmax())
    calls_bad = belief.calls_bad[best]
    wrong = (calls_bad & (belief.readings.good > 0)) | (~calls_bad & (belief.readings.bad > 0))
    commits = tuple(c for c, odd in zip(belief.readings.commits, wrong, strict=True) if odd)
    return Misfit("the verdicts contradict each other: no single step explains them all", commits, 0.0)


def pattern(belief: Belief, observations: Sequence[Observation], seed: int) -> Misfit | None:
    """Neighbours in history or in time that err together on one side of the likeliest step."""
    best = int(belief.fit.log_likelihood.argmax())
    calls_bad = dict(zip(belief.readings.commits, belief.calls_bad[best].tolist(), strict=True))
    read = [one for one in observations if not isinstance(one.outcome, Untestable)]
    rng = np.random.default_rng(seed)
    for side in (False, True):
        of_side = [one for one in read if calls_bad[one.commit] is side]
        measured = [one for one in of_side if isinstance(one.outcome, Measured)]
        kept = measured or of_side
        if len(kept) < FEWEST:
            continue
        residuals = _residuals(kept)
        commits = np.array([one.commit for one in kept])
        for order, why in (
            (np.argsort(commits, kind="stable"), "neighbouring commits differ from the rest of their side"),
            (np.arange(len(kept)), "readings drift with time"),
        ):
            p_value, window = _scan(residuals[order], rng)
            if p_value < P_VALUE:
                odd = tuple(sorted({int(c) for c in commits[order][window]}))
                return Misfit(f"{why}: no single step explains the readings", odd, p_value)
    return None


def _residuals(observations: Sequence[Observation]) -> Floats:
    if not isinstance(observations[0].outcome, Measured):
        return np.array([float(isinstance(one.outcome, Bad)) for one in observations])
    logs = np.array([math.log(o.outcome.value) for o in observations if isinstance(o.outcome, Measured)])
    centred = logs - np.median(logs)
    spread = 1.4826 * float(np.median(np.abs(centred)))
    residuals: Floats = np.clip(centred / spread, -WINSOR, WINSOR) if spread > 0 else np.sign(centred)
    return residuals


def _scan(residuals: Floats, rng: np.random.Generator) -> tuple[float, slice]:
    """The p-value of the most extreme window, by permutation, and that window."""
    if np.ptp(residuals) == 0:
        return 1.0, slice(0, 0)
    score, window = _windows(residuals[None, :])
    as_odd, drawn = 0, 0
    for count in LOOKS:
        permuted = rng.permuted(np.tile(residuals, (count, 1)), axis=1)
        as_odd += int((_windows(permuted)[0] >= score[0] - 1e-9).sum())
        drawn += count
        if as_odd > 1:
            break
    return (as_odd + 1) / (drawn + 1), window


def _windows(rows: Floats) -> tuple[Floats, slice]:
    """Each row's largest standardised sum over windows of 3 to n/2 neighbours, and the first row's window."""
    size = rows.shape[1]
    total = np.cumsum(np.pad(rows - rows.mean(axis=1, keepdims=True), ((0, 0), (1, 0))), axis=1)
    best = np.full(len(rows), -1.0)
    window = slice(0, 0)
    lengths = sorted({min(max(3, round(3 * 1.4**k)), size // 2) for k in range(12)} | {3})
    for length in lengths:
        sums = np.abs(total[:, length:] - total[:, :-length]) / math.sqrt(length * (1 - length / size))
        at = int(sums[0].argmax())
        if sums[0, at] > best[0]:
            window = slice(at, at + length)
        best = np.maximum(best, sums.max(axis=1))
    return best, window
