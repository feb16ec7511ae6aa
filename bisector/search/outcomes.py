"""The outcomes of a probe that `Search.observe` accepts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bisector.errors import UsageError

GOOD_END = -1
"""The index of the good endpoint in proposals and observations."""


@dataclass(frozen=True, slots=True)
class Good:
    """The commit behaves like the good endpoint."""


@dataclass(frozen=True, slots=True)
class Bad:
    """The commit shows the regression."""


@dataclass(frozen=True, slots=True)
class Untestable:
    """The commit cannot be tested. It is not proposed again, and never counts as good."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A positive number (a ratio, seconds, words). `Timing` models its logarithm.

    `spread`: the standard deviation (of the logarithm) of what disturbed this reading alone, such as load. It
    adds to the spread that all readings share.
    """

    value: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        if not (self.spread >= 0 and math.isfinite(self.spread)):
            raise UsageError(f"the spread of a measured value must be at least 0, not {self.spread}")
        if not (self.value > 0 and math.isfinite(self.value)):
            raise UsageError(
                f"a measured value must be positive and finite, not {self.value}: measure again, or observe "
                "Untestable()"
            )


Outcome = Good | Bad | Untestable | Measured


@dataclass(frozen=True, slots=True)
class Observation:
    """One outcome at one commit (-1 is the good endpoint)."""

    commit: int
    outcome: Outcome
