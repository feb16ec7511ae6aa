"""Base of the paired predicates: one figure per run, and its ratio to the reference's."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from pydantic import Field

from bisector.predicate import Bad, Ending, Judgement, Measured, Options, Predicate, Run, Untestable

from .failure import Exits, ExitsOfWork
from .outcomes import how_it_ended

ENOUGH_DIGITS = 4
"""A figure with fewer digits may be the same in two runs because it is rounded."""


class RatioOptions(Options):
    """Options of every paired predicate."""

    ratio: float = Field(
        1.1, gt=1, description="Smallest ratio to the reference that counts as a regression."
    )
    exits: ExitsOfWork = None


class PrintedOptions(RatioOptions):
    """Options of a predicate whose figure the test itself prints or writes."""

    exits: Exits = None


RatioOptionsT = TypeVar("RatioOptionsT", bound=RatioOptions)


class RatioPredicate(Predicate[RatioOptionsT]):
    """A predicate whose value is a figure of the candidate's run divided by the reference's."""

    paired = True
    bad_endings: frozenset[Ending] = frozenset()
    """Endings that are a regression by themselves, if the reference ended normally."""

    @abstractmethod
    def figure(self, run: Run) -> float | None:
        """The positive number to compare; None if the run gave none."""

    @abstractmethod
    def say(self, figure: float) -> str:
        """The figure with its unit."""

    needs_success = True
    """Whether a run that fails says nothing: it may have ended before its work."""
    is_printed = False
    """Whether the test prints or writes the figure: then it may fail as the reference's run does."""
    of = ""
    """What the figure measures, to append if the unit alone does not say it."""

    @property
    def believes_failures(self) -> bool:
        """Whether a failure says by itself that there is no figure, on a busy machine too."""
        return self.needs_success

    @property
    @abstractmethod
    def missing(self) -> str:
        """Why a run that ended normally may have no figure: "the test ..."."""

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """A lower bound on the figure of a running test; None if unknown."""
        return None

    def has_same_digits(self, run: Run, other: Run) -> bool:
        """Whether two figures are the same and have so many digits that chance does not make them so."""
        one = self._figure_of(run)
        if isinstance(one, str) or one != self._figure_of(other):
            return False
        digits = f"{one:.17g}".partition("e")[0].replace(".", "").lstrip("0")
        return len(digits) >= ENOUGH_DIGITS

    def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
        """The figure so far divided by the reference's."""
        reference, candidate = self._figure_of(baseline), self.figure_so_far(run, ends)
        return None if isinstance(reference, str) or candidate is None else candidate / reference

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The ratio; untestable if one of the two runs has no figure, or fails unlike the reference's."""
        if baseline is None:
            return Untestable("there is no run of the reference to compare with")
        reference = self._figure_of(baseline)
        if isinstance(reference, str):
            return Untestable(f"in the reference's run the test {reference}")
        candidate = self._figure_of(run)
        if isinstance(candidate, str):
            why = f"the test {candidate}, while the reference's run gave {self.say(reference)}{self.of}"
            return Bad(why) if run.ending in self.bad_endings else Untestable(why)
        if failure := self._failure(run, baseline):
            return Untestable(failure)
        ratio = candidate / reference
        if not 0 < ratio < math.inf:
            return Untestable("the two runs are too far apart to compare")
        told = f"{self.say(candidate)}{self.of}, {ratio:.2f}x the reference's {self.say(reference)}"
        return Measured(ratio, told)

    def _failure(self, run: Run, reference: Run) -> str | None:
        """How one of two runs that exited failed; None if both ended normally."""
        code, usual, exits = run.exit_code, reference.exit_code, self.options.exits
        if exits is not None:
            if usual not in exits:
                return f"the reference's run failed (exit {usual}, which `exits` does not list)"
            return None if code in exits else f"the test failed (exit {code}, which `exits` does not list)"
        if not self.needs_success:
            return None
        if usual and not self.is_printed:
            return (
                f"in the reference's run the test failed with exit code {usual}, so it may not have done its "
                f"work; if that is a normal end, say so with `--set 'predicate.exits=[{usual}]'`, or "
                f"`predicate.exits: [{usual}]` in the hunt file"
            )
        if code in (0, usual):
            return None
        ended = f"ended with exit code {usual}" if usual else "succeeded"
        return f"the test failed (exit {code}), while the reference's run {ended}"

    def _figure_of(self, run: Run) -> float | str:
        """The figure, or why there is none."""
        if run.ending is not Ending.EXITED:
            return how_it_ended(run)
        figure = self.figure(run)
        if figure is None or not 0 < figure < math.inf:
            return self.missing
        return figure
