"""Tests hypotheses on the figures: validated, eliminated or inconclusive."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bisector.hunt_file.diagnosis import Condition, Hypothesis
from bisector.phases.diagnosis.figures import Collected, Figure, Range


class Verdict(Enum):
    """The verdict on a hypothesis; the values are the plan's words."""

    VALIDATED = "validated"
    ELIMINATED = "eliminated"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Tried:
    """A tested condition, with its figure and the range of its aspect, if found."""

    condition: Condition
    verdict: Verdict
    figure: Figure | None = None
    seen: Range | None = None
    why: str = ""
    """Why it is inconclusive."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A hypothesis with its tested conditions."""

    hypothesis: Hypothesis
    tried: tuple[Tried, ...]

    @property
    def verdict(self) -> Verdict:
        """Eliminated if any condition is false, validated if all are true."""
        verdicts = {tried.verdict for tried in self.tried}
        if Verdict.ELIMINATED in verdicts:
            return Verdict.ELIMINATED
        return Verdict.VALIDATED if verdicts == {Verdict.VALIDATED} else Verdict.INCONCLUSIVE


def try_hypothesis(hypothesis: Hypothesis, evidence: Sequence[Collected]) -> Outcome:
    """Test a hypothesis on the evidence."""
    return Outcome(hypothesis, tuple(_try(condition, evidence) for condition in hypothesis.conditions))


def _try(condition: Condition, evidence: Sequence[Collected]) -> Tried:
    figure = find_figure(condition.figure, evidence)
    if figure is None:
        return Tried(condition, Verdict.INCONCLUSIVE, why=_not_seen(condition.figure, evidence))
    seen = figure.range(condition.aspect)
    if seen is None:
        why = f"{condition.figure} has no {condition.aspect.value}: it was not observed at both commits"
        return Tried(condition, Verdict.INCONCLUSIVE, figure, why=why)
    ends = {condition.holds(seen.low), condition.holds(seen.high)}
    if len(ends) == 2:
        why = f"the runs are on both sides of {condition.bar:g}"
        return Tried(condition, Verdict.INCONCLUSIVE, figure, seen, why)
    return Tried(condition, Verdict.VALIDATED if ends == {True} else Verdict.ELIMINATED, figure, seen)


def find_figure(name: str, evidence: Sequence[Collected]) -> Figure | None:
    """The figure of this name from the first collector that has it, or of `COLLECTOR:FIGURE`."""
    return next((figure for known, figure in _names(evidence) if known == name), None)


def _names(evidence: Sequence[Collected]) -> Iterator[tuple[str, Figure]]:
    for found in evidence:
        for figure in found.figures:
            yield figure.name, figure
            yield f"{found.collector}:{figure.name}", figure


def _not_seen(name: str, evidence: Sequence[Collected]) -> str:
    near = difflib.get_close_matches(name, [known for known, _ in _names(evidence)], n=1)
    return f"no evidence has the figure {name}" + (f"; did you mean {near[0]}?" if near else "")
