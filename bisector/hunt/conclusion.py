"""How a hunt can end, on commit ids; `bisector.search` has the same endings on indices."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.errors import ExitCode

SPENT = "the budget is spent; start again with a larger one to go on from here"
"""Why a hunt is inconclusive that goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A ratio (bad over good) with its 95% interval, from `pairs` interleaved pairs of runs.

    `p` is how often pairs would differ from 1 by as much if there were no difference (two-sided t test
    on the log scale); None where one pair cannot tell.
    """

    ratio: float
    low: float
    high: float
    pairs: int
    p: float | None = None

    def __str__(self) -> str:
        return f"{self.ratio:.2f}x [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first bad commit; `probability` is the posterior's, `effect` the step it makes (measured hunts).

    A hunt only ends so when it is confirmed.
    """

    commit: str
    probability: float
    confirmed: bool
    effect: Effect | None = None
    parents_good: tuple[str, ...] = ()
    """The parents that the confirmation judged good; all of a merge's: the merge itself broke it."""
    forgotten: tuple[str, ...] = ()
    """What the commit changes, where it changes no declared input: one of these is an input all the same."""
    exact: bool = False
    """Whether the search took every verdict for true: the probability is 1 if the test never errs."""
    name = "first-bad"
    exit_code = ExitCode.FIRST_BAD


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Only untestable commits are left: the first bad commit is one of these, with these probabilities.

    What bounds the set was confirmed as a single commit is.
    """

    commits: tuple[str, ...]
    probabilities: tuple[float, ...]
    exact: bool = False
    """As of `FirstBad`."""
    name = "any-of"
    exit_code = ExitCode.ONLY_UNTESTABLE


@dataclass(frozen=True, slots=True)
class NoRegression:
    """Good and bad do not differ; `effect.high` bounds the regression that could still hide."""

    why: str
    effect: Effect | None = None
    name = "no-regression"
    exit_code = ExitCode.NO_REGRESSION


@dataclass(frozen=True, slots=True)
class GoodIsBad:
    """The good endpoint shows what the hunt is for."""

    why: str
    name = "good-is-bad"
    exit_code = ExitCode.NO_REGRESSION


@dataclass(frozen=True, slots=True)
class BadIsGood:
    """The bad endpoint is better than the good one: the two look swapped."""

    why: str
    effect: Effect | None = None
    name = "bad-is-good"
    exit_code = ExitCode.NO_REGRESSION


@dataclass(frozen=True, slots=True)
class MergeBaseIsBad:
    """Good does not lead to bad, and where they part is bad already: it was fixed on the way to good."""

    merge_base: str
    why: str
    name = "merge-base-is-bad"
    exit_code = ExitCode.NO_REGRESSION


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The budget is spent or the readings contradict each other; the likeliest candidates with their odds."""

    why: str
    candidates: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    name = "inconclusive"
    exit_code = ExitCode.INCONCLUSIVE


Conclusion = FirstBad | AnyOf | NoRegression | GoodIsBad | BadIsGood | MergeBaseIsBad | Inconclusive
