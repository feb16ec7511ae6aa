"""Hypotheses tried on the figures: validated, eliminated or inconclusive."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bisector.hunt_file.diagnosis import Condition, Hypothesis
from bisector.phases.diagnosis.figures import Collected, Figure, Range


class Verdict(Enum):
    """What becomes of a hypothesis; the values are the plan's words."""

    VALIDATED = "validated"
    ELIMINATED = "eliminated"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Tried:
    """One condition, with the figure it looked at and the range of its aspect, where there were any."""

    condition: Condition
    verdict: Verdict
    figure: Figure | None = None
    seen: Range | None = None
    why: str = ""
    """Why it is inconclusive."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A hypothesis with what became of each of its conditions."""

    hypothesis: Hypothesis
    tried: tuple[Tried, ...]

    @property
    def verdict(self) -> Verdict:
        """Eliminated by one condition that does not hold, validated by all that do."""
        verdicts = {tried.verdict for tried in self.tried}
        if Verdict.ELIMINATED in verdicts:
            return Verdict.ELIMINATED
        return Verdict.VALIDATED if verdicts == {Verdict.VALIDATED} else Verdict.INCONCLUSIVE


def try_hypothesis(hypothesis: Hypothesis, evidence: Sequence[Collected]) -> Outcome:
    """What the evidence says of a hypothesis."""
    return Outcome(hypothesis, tuple(_try(condition, evidence) for condition in hypothesis.conditions))


def _try(condition: Condition, evidence: Sequence[Collected]) -> Tried:
    figure = find_figure(condition.figure, evidence)
    if figure is None:
        return Tried(condition, Verdict.INCONCLUSIVE, why=_not_seen(condition.figure, evidence))
    seen = figure.range(condition.aspect)
    if seen is None:
        why = f"{condition.figure} has no {condition.aspect.value}: it was not seen at both commits"
        return Tried(condition, Verdict.INCONCLUSIVE, figure, why=why)
    ends = {condition.holds(seen.low), condition.holds(seen.high)}
    if len(ends) == 2:
        why = f"the runs lie on both sides of {condition.bar:g}"
        return Tried(condition, Verdict.INCONCLUSIVE, figure, seen, why)
    return Tried(condition, Verdict.VALIDATED if ends == {True} else Verdict.ELIMINATED, figure, seen)


def find_figure(name: str, evidence: Sequence[Collected]) -> Figure | None:
    """The figure called so, of the first collector that has it; `COLLECTOR:FIGURE` asks one of them."""
    return next((figure for known, figure in _names(evidence) if known == name), None)


def _names(evidence: Sequence[Collected]) -> Iterator[tuple[str, Figure]]:
    for found in evidence:
        for figure in found.figures:
            yield figure.name, figure
            yield f"{found.collector}:{figure.name}", figure


def _not_seen(name: str, evidence: Sequence[Collected]) -> str:
    near = difflib.get_close_matches(name, [known for known, _ in _names(evidence)], n=1)
    return f"no evidence gave {name}" + (f"; did you mean {near[0]}?" if near else "")
