"""How a hunt can end, in commit ids; `bisector.search` has the same conclusions in indices."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.errors import ExitCode

SPENT = "the budget is spent; start again with a larger one to go on from here"
"""The `why` of an inconclusive hunt that resumes where it stopped."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A ratio (bad over good) with its 95% interval, from `pairs` interleaved pairs of runs.

    `p` is the probability that pairs differ from 1 by at least as much if there is no difference (two-sided
    t test on the log scale); None for a single pair.
    """

    ratio: float
    low: float
    high: float
    pairs: int
    p: float | None = None

    def __str__(self) -> str:
        interval = f" [{self.low:.2f}, {self.high:.2f}]" if self.has_interval else ""
        return f"{self.ratio:.2f}x{interval}"

    @property
    def has_interval(self) -> bool:
        """Whether pairs show how far apart they are; a single one does not."""
        return self.pairs > 1


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first bad commit, its posterior `probability`, and the `effect` of its step (measured hunts).

    A hunt ends so only if the commit is confirmed.
    """

    commit: str
    probability: float
    confirmed: bool
    effect: Effect | None = None
    parents_good: tuple[str, ...] = ()
    """The parents that the confirmation judged good; if all parents of a merge are, the merge broke it."""
    forgotten: tuple[str, ...] = ()
    """The paths that the commit changes if none is a declared input: one of them must be an input."""
    exact: bool = False
    """Whether the search treated every verdict as right: the probability is 1 if the test never errs."""
    left_out: int = 0
    """Number of commits that were no candidates, on branches that left before the old endpoint."""
    name = "first-bad"
    exit_code = ExitCode.FIRST_BAD


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Only untestable commits are left: the first bad commit is one of these, with these probabilities.

    The commits that bound the set were confirmed, as for a single commit.
    """

    commits: tuple[str, ...]
    probabilities: tuple[float, ...]
    exact: bool = False
    """As in `FirstBad`."""
    untested: tuple[str, ...] = ()
    """Those that were not tested, because they change no declared input."""
    left_out: int = 0
    """As in `FirstBad`."""
    name = "any-of"
    exit_code = ExitCode.ONLY_UNTESTABLE


@dataclass(frozen=True, slots=True)
class NoRegression:
    """Good and bad do not differ; `effect.high` is the largest regression that may be hidden."""

    why: str
    effect: Effect | None = None
    name = "no-regression"
    exit_code = ExitCode.NO_REGRESSION


@dataclass(frozen=True, slots=True)
class GoodIsBad:
    """The good endpoint already shows the regression."""

    why: str
    name = "good-is-bad"
    exit_code = ExitCode.WRONG_ENDPOINTS


@dataclass(frozen=True, slots=True)
class BadIsGood:
    """The bad endpoint is better than the good one: the two look swapped."""

    why: str
    effect: Effect | None = None
    name = "bad-is-good"
    exit_code = ExitCode.WRONG_ENDPOINTS


@dataclass(frozen=True, slots=True)
class MergeBaseIsBad:
    """Good is no ancestor of bad, and their merge base is bad already: good contains a fix."""

    merge_base: str
    why: str
    name = "merge-base-is-bad"
    exit_code = ExitCode.WRONG_ENDPOINTS


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The budget is spent or the readings contradict each other; the likeliest candidates are given."""

    why: str
    candidates: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    name = "inconclusive"
    exit_code = ExitCode.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """One step of a range (in statistics, a change point): a commit, or untestable ones that it may be.

    `better` if it goes back towards good.
    `effect` is the ratio of the commit to its parent, below 1 if it is better; None for verdicts.
    """

    commits: tuple[str, ...]
    better: bool
    confirmed: bool
    probability: float | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """Every step of a range, oldest first; `together` is the ratio of the endpoints.

    `open` has a sentence for each part of the range that has no answer.
    """

    steps: tuple[ChangePoint, ...]
    together: Effect | None = None
    open: tuple[str, ...] = ()
    name = "steps"

    @property
    def exit_code(self) -> ExitCode:
        """That of a first bad commit, if every step is confirmed and no part is open."""
        sure = self.steps and not self.open and all(step.confirmed for step in self.steps)
        return ExitCode.FIRST_BAD if sure else ExitCode.INCONCLUSIVE


_OF_A_FIX = {
    "first-bad": "first-fixed",
    "no-regression": "no-difference",
    "good-is-bad": "broken-is-fixed",
    "bad-is-good": "fixed-is-broken",
    "merge-base-is-bad": "merge-base-is-fixed",
}


def name_of(conclusion: Conclusion, *, fix: bool) -> str:
    """The name that programs read; a hunt for a fix has its own, whatever its terms."""
    return _OF_A_FIX.get(conclusion.name, conclusion.name) if fix else conclusion.name


Conclusion = FirstBad | AnyOf | NoRegression | GoodIsBad | BadIsGood | MergeBaseIsBad | Inconclusive | Steps
