"""Expected costs of probes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bisector.errors import UsageError
from bisector.search.noise import Floats
from bisector.search.outcomes import GOOD_END


@dataclass(frozen=True, slots=True)
class Costs:
    """Expected seconds (or any other unit) of a probe, by outcome.

    `good`, `bad`: the test of a good or bad commit. `build`: checkout and build of a commit, paid once per
    commit. `repeat`: another build of a commit that is built already. `untestable`: a failed build (None: as
    `build`, or as `good` if builds are free). `builds`: build cost of each commit, shape (N,) or a function
    of the commit, instead of `build`.
    """

    good: float = 1.0
    bad: float = 1.0
    build: float = 0.0
    repeat: float = 0.0
    untestable: float | None = None
    builds: Sequence[float] | Floats | Callable[[int], float] | None = None

    def __post_init__(self) -> None:
        if self.good <= 0 or self.bad <= 0 or min(self.build, self.repeat, self.untestable or 0) < 0:
            raise UsageError("costs: good and bad must be positive, the others not negative")

    def building(self, size: int) -> Floats:
        """Shape (size + 1,): cost of the first build of each commit, with the good endpoint last."""
        if self.builds is None:
            return np.full(size + 1, self.build)
        if callable(self.builds):
            per_commit = [self.builds(commit) for commit in range(size)]
        else:
            per_commit = list(self.builds)
        if len(per_commit) != size or min(per_commit) < 0:
            raise UsageError(f"costs: builds must give one number, not negative, for each of {size} commits")
        return np.array([*per_commit, self.build], dtype=np.float64)

    def expected(self, build: Floats, p_bad: Floats, p_untestable: Floats) -> Floats:
        """Expected cost of a probe, from its current build cost and the probability of each outcome."""
        tested = self.good + (self.bad - self.good) * p_bad + build
        if self.untestable is not None:
            failed = np.full_like(build, self.untestable)
        else:
            failed = np.where(build > 0, build, self.good)
        expected: Floats = (1 - p_untestable) * tested + p_untestable * failed
        return expected


def slot(commit: int, size: int) -> int:
    """The index of a commit, or the good endpoint, in an array of N + 1."""
    return size if commit == GOOD_END else commit
