"""Expected information of probes about the first bad commit, in bits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisector.search.noise import Channel, Floats, Ints
from bisector.search.reach import Reach

NOTHING = 1e-9
"""Below this many bits, a probe counts as uninformative."""
SHORTLIST = 512


def entropy(share: Floats) -> Floats:
    """Shannon entropy in bits along the last axis; 0 log 0 is 0."""
    safe = np.where(share > 0, share, 1.0)
    bits: Floats = -(share * np.log2(safe)).sum(axis=-1)
    return bits


@dataclass(frozen=True, slots=True)
class Gains:
    """By node; the last entry is for commits that no live hypothesis makes bad (the good endpoint)."""

    bits: Floats
    """Expected information; 0 for nodes that are not on the shortlist."""
    p_bad: Floats


def gains(reach: Reach, channel: Channel, of_class: Ints) -> Gains:
    """Expected information of one reading at every node.

    I(v) = H(E_h[q_h,v]) - E_h[H(q_h,v)], where q_h,v is the predictive distribution of the reading at v
    under the hypothesis h, with h's own posterior of the unknown parameters. `of_class`: shape (N + 1,).
    """
    p_bad = np.append(reach.p_bad(), 0.0)
    nodes = np.arange(len(reach.masks))
    if reach.equal and len(nodes) > SHORTLIST:
        nodes = _promising(p_bad[:-1], channel, of_class, reach)
    by_class = of_class[reach.support]
    good, bad = channel.if_good[by_class], channel.if_bad[by_class]
    none = channel.if_good[of_class[-1]]
    shift = np.column_stack((bad - good, entropy(bad) - entropy(good))) * reach.weight[:, None]
    outcome = reach.weight @ good + reach.no_regression * none
    known = float(reach.weight @ entropy(good)) + reach.no_regression * float(entropy(none))
    moved = reach.project(nodes, shift)
    bits = np.zeros(len(p_bad))
    bits[nodes] = entropy(np.maximum(outcome + moved[:, :-1], 0)) - known - moved[:, -1]
    bits[-1] = float(entropy(outcome)) - known
    bits[bits < NOTHING] = 0.0
    return Gains(bits, p_bad)


def mean_channel(reach: Reach, channel: Channel, of_class: Ints) -> tuple[Floats, Floats]:
    """The channel averaged over the posterior: outcome distributions if good, and if bad."""
    weight = np.bincount(of_class[reach.support], weights=reach.weight, minlength=len(channel.if_good))
    weight[of_class[-1]] += reach.no_regression
    return weight @ channel.if_good, weight @ channel.if_bad


def channel_bits(p_bad: Floats, good: Floats, bad: Floats) -> Floats:
    """Information of a reading of a commit that is bad with probability `p_bad`."""
    p = p_bad[:, None]
    bits: Floats = entropy((1 - p) * good + p * bad)
    return bits - (1 - p_bad) * float(entropy(good)) - p_bad * float(entropy(bad))


def bits_to_probes(bits: float, best: float, good: Floats, bad: Floats, confidence: float) -> float:
    """Expected probes to a conclusion, if the likeliest commit has the probability `best`.

    Entropy over capacity, plus confirmation (Burnashev, 1974); `good` and `bad` are the outcome
    distributions of the channel.
    """
    capacity = float(channel_bits(np.linspace(0.05, 0.95, 19), good, bad).max())
    contrast = float((good - bad) @ (np.log2(good + 1e-9) - np.log2(bad + 1e-9))) / 2
    doubt = math.log2(1 / (1 - confidence))
    odds = best / max(1 - best, 1e-12)
    sure = min(max(doubt - math.log2(max(odds, 1.0)), 0.0), doubt)
    return bits / max(capacity, 1e-3) + sure / max(contrast, 1e-3)


def _promising(p_bad: Floats, channel: Channel, of_class: Ints, reach: Reach) -> Ints:
    good, bad = mean_channel(reach, channel, of_class)
    guess = channel_bits(p_bad, good, bad)
    # Half for the largest information, half spread over all probabilities, which costs may favour.
    best = np.argsort(-guess, kind="stable")[: SHORTLIST // 2]
    by_p = np.argsort(p_bad, kind="stable")
    spread = by_p[np.linspace(0, len(by_p) - 1, SHORTLIST // 2).astype(np.int64)]
    return np.unique(np.concatenate((best, spread)))
