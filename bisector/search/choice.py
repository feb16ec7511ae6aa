"""The commit to probe next: most information per expected cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.cost import Costs
from bisector.search.information import Gains, channel_bits
from bisector.search.noise import Channel, Floats, Ints
from bisector.search.noise_timing import VERDICT_ERROR
from bisector.search.outcomes import GOOD_END
from bisector.search.reach import Reach

VERDICT = (np.array([1 - VERDICT_ERROR, VERDICT_ERROR]), np.array([VERDICT_ERROR, 1 - VERDICT_ERROR]))
"""The channel of a plain verdict among measured values: outcomes if good, and if bad."""
TIE = 1e-9
"""Relative bonus for a commit that is already built, to break ties."""
_LEAST_COST = 1e-12
"""A probe costs at least this much, so that one that costs nothing has a score."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a choice depends on; arrays of shape (N + 1,) have the good endpoint last."""

    reach: Reach
    gains: Gains
    channel: Channel
    of_class: Ints
    p_untestable: Floats
    build: Floats
    """The current cost of building each commit."""
    built: Ints
    """Indices of the commits already built."""
    unmeasured: Ints
    """Indices of commits that gave verdicts instead of values, and will probably do so again."""
    costs: Costs

    def spread(self, by_node: Floats) -> Floats:
        """Values by node (the last entry for "no live hypothesis"), expanded to commits."""
        return np.append(by_node[self.reach.view.of], by_node[-1])

    def expected_cost(self) -> Floats:
        """Expected cost of a probe of every commit."""
        bad_reading = self._p_bad_reading(self.spread(self.gains.p_bad))
        return self.costs.expected(self.build, bad_reading, self.p_untestable)

    def _p_bad_reading(self, p_bad: Floats) -> Floats:
        good, bad = self.mean_verdicts()
        reading: Floats = (1 - p_bad) * good + p_bad * bad
        return reading

    def mean_verdicts(self) -> tuple[float, float]:
        """Probability that a reading looks bad: at a good commit, and at a bad one."""
        weight = np.bincount(
            self.of_class[self.reach.support],
            weights=self.reach.weight,
            minlength=len(self.channel.if_good),
        )
        weight[self.of_class[-1]] += self.reach.no_regression
        verdict = self.channel.bad_verdict
        return float(weight @ self.channel.if_good @ verdict), float(weight @ self.channel.if_bad @ verdict)

    def twins(self) -> tuple[Ints, ...]:
        """Sets of two or more live hypotheses that only untestable commits could distinguish."""
        if not (self.p_untestable >= 1).any():
            return ()
        of = self.reach.view.of
        testable = np.unique(of[(self.p_untestable[:-1] < 1) & (of >= 0)])
        # A random sum over the testable nodes that a hypothesis makes bad identifies it.
        signature = np.zeros(len(self.reach.support))
        rng = np.random.default_rng(0)
        for start in range(0, len(testable), 512):
            rows = self.reach.rows(testable[start : start + 512])
            signature += rng.random(len(rows)) @ rows
        places = np.append(self.reach.support, len(of))
        _, group = np.unique(np.append(signature, 0.0).round(9), return_inverse=True)
        found = [np.unique(places[group == g]) for g in np.flatnonzero(np.bincount(group) > 1)]
        return tuple(one for one in found if len(one) > 1)

    def worth(self, bits_by_node: Floats) -> Floats:
        """Information of a probe of every commit in bits, times the probability that it can be tested."""
        bits = self.spread(bits_by_node)
        at = self.unmeasured
        bits[at] = np.minimum(bits[at], channel_bits(self.spread(self.gains.p_bad)[at], *VERDICT))
        worth: Floats = bits * (1 - self.p_untestable)
        # Commits that no live hypothesis makes bad give the same information as the good endpoint.
        worth[:-1][self.reach.view.of < 0] = 0.0
        worth[self.p_untestable >= 1] = 0.0
        return worth

    def score(self, bits_by_node: Floats) -> Floats:
        """Information per cost of every commit, times the probability that it can be tested."""
        score: Floats = self.worth(bits_by_node) / np.maximum(self.expected_cost(), _LEAST_COST)
        score[self.built] *= 1 + TIE
        return score


def choose(situation: Situation) -> list[int]:
    """The best single commit; none if no probe is informative."""
    score = situation.score(situation.gains.bits)
    best = int(np.argmax(score))
    if score[best] <= 0:
        return []
    return [GOOD_END if best == len(score) - 1 else best]
