"""Reads judgements the other way round, for a hunt for a fix.

Inside, every hunt looks for the first commit of the new kind, and `Bad` means "like the new endpoint". A hunt
for a fix is a hunt whose judgements are turned where they are given, so that nothing else must know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bisector.predicate import (
    Bad,
    Ends,
    Good,
    Judgement,
    Measured,
    Predicate,
    Run,
    Tool,
    Untestable,
)

_KIND = ("name", "Options", "paired", "allows_for_waiting", "repeats", "target")


class Turned(Predicate[Any]):
    """A predicate whose good is bad, whose bad is good, and whose ratio is the inverse.

    A run is never ended because it is certain to be worse than the endpoints: that is proved by `at_least`,
    which only bounds a figure from below.
    """

    def __init__(self, inner: Predicate[Any]) -> None:
        super().__init__(inner.options)
        self.inner = inner

    @property
    def believes_failures(self) -> bool:
        """As the predicate itself."""
        return self.inner.believes_failures

    @property
    def by_wall_clock(self) -> bool:
        """As the predicate itself."""
        return self.inner.by_wall_clock

    @property
    def reviews(self) -> bool:
        """As the predicate itself."""
        return self.inner.reviews

    @property
    def runs_to_the_end(self) -> bool:
        """Always: only a run that is certain to be worse ends early, and that proves nothing here."""
        return True

    @property
    def patterns(self) -> tuple[str, ...]:
        """As the predicate itself."""
        return self.inner.patterns

    @property
    def files(self) -> tuple[str, ...]:
        """As the predicate itself."""
        return self.inner.files

    def watch(self, run: Run) -> Good | Bad | Untestable | None:
        """The predicate's own early verdict, turned."""
        found = self.inner.watch(run)
        if isinstance(found, Good):
            return Bad(found.why)
        return Good(found.why) if isinstance(found, Bad) else found

    def tool(self, environment: Mapping[str, str]) -> Tool | None:
        """As the predicate itself."""
        return self.inner.tool(environment)

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The predicate's judgement, turned."""
        return turned_round(self.inner.judge(run, baseline))

    def review(self, judgement: Judgement, run: Run, ends: Ends) -> Judgement:
        """The predicate's review, by endpoints in its own sense."""
        own = Ends(good=ends.bad, bad=ends.good)
        return turned_round(self.inner.review(turned_round(judgement), run, own))

    def at_least(self, run: Run, baseline: Run, ends: Sequence[Run]) -> float | None:
        """Nothing: a lower bound of the figure is an upper bound of the improvement."""
        return None


def turned(predicate: Predicate[Any]) -> Predicate[Any]:
    """The predicate for a hunt for a fix."""
    kind = type(predicate)
    said = {name: getattr(kind, name) for name in _KIND}
    made: Turned = type(f"Turned{kind.__name__}", (Turned,), said)(predicate)
    return made


def turned_round(judgement: Judgement) -> Judgement:
    """The judgement read the other way round; turning twice gives the same verdict."""
    match judgement:
        case Good(why):
            return Bad(why)
        case Bad(why):
            return Good(why)
        case Measured(value, why):
            inverse = 1 / value
            if not 0 < inverse < math.inf:
                return Untestable("the two runs are too far apart to compare")
            return Measured(inverse, why)
    return judgement


def own_judgement(predicate: Predicate[Any], judgement: Judgement) -> Judgement:
    """The judgement in the sense of the predicate itself, where a hunt for a fix has turned it."""
    return turned_round(judgement) if isinstance(predicate, Turned) else judgement
