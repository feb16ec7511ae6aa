"""When a search ends: small rules, joined by `|` (the first one that answers decides)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.conclusion import AnyOf, Conclusion, FirstBad, Inconclusive, NoRegression
from bisector.search.noise import Floats, Ints


@dataclass(slots=True)
class State:
    """What stopping rules look at."""

    posteriors: tuple[Floats, Floats]
    """Shape (N + 1,) each: under the caller's prior, and under the impartial one (half "no regression").
    A commit must convince under both, "no regression" under the latter."""
    rival: float
    """How likely the readings are under the best commit, relative to "no regression"."""
    doubt: float
    """The latter must be doubt / (1 - confidence) times as likely: so that no commit is given up for want
    of readings that could have shown it, wherever it stands."""
    certain: bool
    """Whether readings never err."""
    allowance: float
    """Share of the stated error probability that the posteriors may use up."""
    probes: int
    cost: float
    twins: tuple[Ints, ...]
    """Sets of likely commits that no testable commit can tell apart (only those with more than one)."""
    most_bits: float
    """Information of the best probe there is; infinity where it has not been looked at."""

    def wanted(self, confidence: float) -> float:
        """The posterior probability that a stated confidence asks for."""
        return 1 - 1e-12 if self.certain else 1 - (1 - confidence) * self.allowance

    def sure(self, places: Ints, confidence: float) -> float | None:
        """The probability of these places together, if high enough under every prior."""
        mass = min(1.0, *(float(posterior[places].sum()) for posterior in self.posteriors))
        return mass if mass >= self.wanted(confidence) else None


class Rule:
    """Base class of stopping rules."""

    def __call__(self, state: State) -> Conclusion | None:
        """How the search ends now, or None if this rule lets it go on."""
        raise NotImplementedError

    def __or__(self, other: Rule) -> Rule:
        return Either(self, other)


@dataclass(frozen=True, slots=True)
class Either(Rule):
    """The first rule's answer, else the second's."""

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
        """Inconclusive when the best probe has no information."""
        if state.most_bits > 0:
            return None
        return inconclusive("no probe that can be made would tell more", state)


def inconclusive(why: str, state: State, most: int = 10) -> Inconclusive:
    """The likeliest commits with their odds, and why the search stops short."""
    posterior = state.posteriors[0]
    order = np.argsort(-posterior[:-1], kind="stable")[:most]
    likely = order[posterior[order] > 1e-4]
    return Inconclusive(why, tuple(likely.tolist()), tuple(posterior[likely].tolist()), float(posterior[-1]))
