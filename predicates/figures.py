"""What the paired predicates share: one figure of each run, and its ratio to the reference's."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from pydantic import Field

from bisector.predicate import Bad, Ending, Judgement, Measured, Options, Predicate, Run, Untestable

from .outcomes import how_it_ended


class RatioOptions(Options):
    """Options of every paired predicate."""

    ratio: float = Field(
        1.1, gt=1, description="Smallest ratio to the reference that counts as a regression."
    )


RatioOptionsT = TypeVar("RatioOptionsT", bound=RatioOptions)


class RatioPredicate(Predicate[RatioOptionsT]):
    """A predicate whose value is a figure of the candidate's run over the same of the reference's."""

    paired = True
    bad_endings: frozenset[Ending] = frozenset()
    """Ways to end which, where the reference ended well, are themselves the regression."""

    @abstractmethod
    def figure(self, run: Run) -> float | None:
        """The positive number to compare, None where the run did not give it."""

    @abstractmethod
    def say(self, figure: float) -> str:
        """The figure with its unit."""

    of = ""
    """What the figure is of, to follow it where the unit alone does not tell."""

    @property
    @abstractmethod
    def missing(self) -> str:
        """Why a run that ended well may have no figure: "the test ..."."""

    def figure_so_far(self, run: Run, ends: Sequence[Run]) -> float | None:
        """The least that the figure of a test that still runs will be, None where that is open."""
        return None

    def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
        """The figure so far over the reference's."""
        reference, candidate = self._figure_of(baseline), self.figure_so_far(run, ends)
        return None if isinstance(reference, str) or candidate is None else candidate / reference

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The ratio; untestable where one of the two runs has no figure."""
        if baseline is None:
            return Untestable("there is no run of the reference to compare with")
        reference = self._figure_of(baseline)
        if isinstance(reference, str):
            return Untestable(f"in the reference's run the test {reference}")
        candidate = self._figure_of(run)
        if isinstance(candidate, str):
            why = f"the test {candidate}, while the reference's run gave {self.say(reference)}{self.of}"
            return Bad(why) if run.ending in self.bad_endings else Untestable(why)
        ratio = candidate / reference
        if not 0 < ratio < math.inf:
            return Untestable("the two runs lie too far apart to be compared")
        told = f"{self.say(candidate)}{self.of}, {ratio:.2f}x the reference's {self.say(reference)}"
        return Measured(ratio, told)

    def _figure_of(self, run: Run) -> float | str:
        """The figure, or the reason why there is none."""
        if run.ending is not Ending.EXITED:
            return how_it_ended(run)
        figure = self.figure(run)
        if figure is None or not 0 < figure < math.inf:
            return self.missing
        return figure
