"""When a search ends: small rules, combined with `|` (the first one that answers decides)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive, NoRegression
from bisector.search.noise import Floats, Ints


@dataclass(slots=True)
class State:
    """The input of stopping rules."""

    posteriors: tuple[Floats, Floats]
    """Shape (N + 1,) each: under the caller's prior, and under the impartial one (half "no regression").
    A commit must convince under both, "no regression" under the latter."""
    rival: float
    """Likelihood of the readings under the best commit, relative to "no regression"."""
    doubt: float
    """The factor in doubt / (1 - confidence), by which "no regression" must be likelier than the best commit.
    So no commit is given up only because there were no readings that could have shown it."""
    certain: bool
    """Whether readings never err."""
    allowance: float
    """Share of the stated error probability that the posteriors may use."""
    probes: int
    cost: float
    twins: tuple[Ints, ...]
    """Sets of two or more likely commits that no testable commit can distinguish."""
    most_bits: float
    """Information of the best probe; infinity if not computed yet."""

    def wanted(self, confidence: float) -> float:
        """The posterior probability that a stated confidence requires."""
        return 1 - 1e-12 if self.certain else 1 - (1 - confidence) * self.allowance

    def sure(self, places: Ints, confidence: float) -> float | None:
        """The total probability of these commits, if high enough under every prior; else None."""
        mass = min(1.0, *(float(posterior[places].sum()) for posterior in self.posteriors))
        return mass if mass >= self.wanted(confidence) else None


class Rule:
    """Base class of stopping rules."""

    def __call__(self, state: State) -> Conclusion | None:
        """How the search ends now; None if this rule lets it continue."""
        raise NotImplementedError

    def __or__(self, other: Rule) -> Rule:
        return Either(self, other)


@dataclass(frozen=True, slots=True)
class Either(Rule):
    """The answer of the first rule, else that of the second."""

    first: Rule
    second: Rule

    def __call__(self, state: State) -> Conclusion | None:
        """Ask both in turn."""
        return self.first(state) or self.second(state)


@dataclass(frozen=True, slots=True)
class Confident(Rule):
    """One commit, or "no regression", has reached the probability `confidence`; with `Exact`, certainty."""

    confidence: float = 0.99

    def __call__(self, state: State) -> Conclusion | None:
        """FirstBad, NoRegression or AnyOf."""
        posterior, impartial = state.posteriors
        none = len(posterior) - 1
        best = int(np.argmax(posterior[:-1]))
        mass = state.sure(np.array([best]), self.confidence)
        if mass is not None:
            return FirstBad(best, mass)
        probability = float(impartial[none])
        if probability >= state.wanted(self.confidence) and state.rival * state.doubt <= 1 - self.confidence:
            return NoRegression(probability)
        for twins in state.twins:
            if state.sure(twins, self.confidence) is not None:
                commits = twins[twins < len(posterior) - 1]
                return AnyOf(tuple(commits.tolist()), tuple(posterior[commits].tolist()))
        return None


@dataclass(frozen=True, slots=True)
class Budget(Rule):
    """A limit on the number of probes, or on their cost (in the unit of `Costs`)."""

    probes: int | None = None
    cost: float | None = None

    def __call__(self, state: State) -> Conclusion | None:
        """Inconclusive once either is spent."""
        if self.probes is not None and state.probes >= self.probes:
            return inconclusive(f"the budget of {self.probes} probes is spent", state)
        if self.cost is not None and state.cost >= self.cost:
            return inconclusive(f"the budget of {self.cost:g} is spent", state)
        return None


@dataclass(frozen=True, slots=True)
class NothingToLearn(Rule):
    """No probe would tell anything new."""

    def __call__(self, state: State) -> Conclusion | None:
        """Inconclusive if the best probe has no information."""
        if state.most_bits > 0:
            return None
        return inconclusive("no possible probe would give more information", state)


def inconclusive(why: str, state: State, most: int = 10) -> Inconclusive:
    """The likeliest commits with their probabilities, and why the search stops without an answer."""
    posterior = state.posteriors[0]
    order = np.argsort(-posterior[:-1], kind="stable")[:most]
    likely = order[posterior[order] > 1e-4]
    return Inconclusive(why, tuple(likely.tolist()), tuple(posterior[likely].tolist()), float(posterior[-1]))
