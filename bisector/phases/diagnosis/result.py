"""The result of a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bisector.errors import ExitCode
from bisector.history.commit import CommitInfo
from bisector.hunt_file.diagnosis import Aspect
from bisector.phases.diagnosis.commits import Pair
from bisector.phases.diagnosis.figures import Collected, Figure, Range
from bisector.phases.diagnosis.hypotheses import Outcome, Tried, Verdict
from bisector.phases.result import Block, Bullets, Paragraph, Result, Table

HYPOTHESES = ("hypothesis", "expected", "seen", "verdict")
MOST_ROWS = 10
"""Most figures shown per collector; the JSON has all of them."""


def result_of(
    hunt: str, key: str, pair: Pair, outcomes: Sequence[Outcome], evidence: Sequence[Collected]
) -> Result:
    """The result of the phase: the verdict on each hypothesis, and the evidence.

    The exit code is `INCONCLUSIVE` if some hypotheses stay open and none is validated.
    """
    verdicts = {outcome.verdict for outcome in outcomes}
    is_open = Verdict.INCONCLUSIVE in verdicts and Verdict.VALIDATED not in verdicts
    return Result(
        phase="diagnose",
        key=key,
        hunt=hunt,
        title=f"{hunt}: {_headline(outcomes)} at {pair.bad.short}",
        blocks=tuple(_blocks(pair, outcomes, evidence)),
        data={
            "commit": pair.bad.id,
            "against": pair.good.id,
            "hypotheses": [_outcome_json(outcome) for outcome in outcomes],
            "evidence": [found.to_json() for found in evidence],
        },
        exit_code=int(ExitCode.INCONCLUSIVE) if is_open else 0,
    )


def _headline(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "evidence without hypotheses"
    validated = [outcome.hypothesis.name for outcome in outcomes if outcome.verdict is Verdict.VALIDATED]
    parts = [f"{' and '.join(validated)} validated" if validated else "no hypothesis validated"]
    for verdict in (Verdict.ELIMINATED, Verdict.INCONCLUSIVE):
        number = sum(outcome.verdict is verdict for outcome in outcomes)
        parts += [f"{number} {verdict.value}"] if number else []
    return ", ".join(parts)


def _blocks(pair: Pair, outcomes: Sequence[Outcome], evidence: Sequence[Collected]) -> list[Block]:
    blocks: list[Block] = [Paragraph(f"{_headline(outcomes)}.", strong=True), Bullets(_commits(pair))]
    if outcomes:
        blocks.append(Table(HYPOTHESES, tuple(_outcome_row(outcome) for outcome in outcomes)))
    named = {tried.figure for outcome in outcomes for tried in outcome.tried if tried.figure}
    for found in evidence:
        rows = tuple(_evidence_rows(found, named))
        if rows:
            head = (found.collector, "good", "bad", "ratio", "difference")
            blocks.append(Table(head, rows, right=frozenset({1, 2, 3, 4})))
    notes = [f"{found.collector}: {note}" for found in evidence for note in found.notes]
    notes += [f"{found.collector} is missing: {found.missing}" for found in evidence if found.missing]
    return [*blocks, Bullets(tuple(notes))] if notes else blocks


def _commits(pair: Pair) -> tuple[str, ...]:
    others = ", ".join(parent[:12] for parent in pair.other_parents)
    beside = f"compared with {_commit(pair.good)}" + (f" (its other parent: {others})" if others else "")
    return (f"commit {_commit(pair.bad)}", beside)


def _commit(info: CommitInfo) -> str:
    return f"{info.short} {info.subject} ({info.author}, {info.date.date().isoformat()})"


def _outcome_row(outcome: Outcome) -> tuple[str, ...]:
    seen = "; ".join(map(_seen, outcome.tried))
    return (outcome.hypothesis.name, outcome.hypothesis.expect, seen, outcome.verdict.value)


def _seen(tried: Tried) -> str:
    """The figures of a condition, and why they are inconclusive if so."""
    figure, why = tried.figure, tried.why
    if figure is None or tried.seen is None:
        return why
    values = f"{_number(_range(figure.good))} → {_number(_range(figure.bad))}"
    if tried.condition.aspect is Aspect.VALUE:
        text = _number(tried.seen)
    elif tried.condition.aspect is Aspect.RATIO:
        text = f"{values} ({_ratio(tried.seen)})"
    else:
        text = f"{values} ({_difference(tried.seen)})"
    return f"{text}, but {why}" if why else text


def _evidence_rows(found: Collected, named: set[Figure]) -> list[tuple[str, ...]]:
    """A row for each figure; of many, those that hypotheses name and those that differ most."""
    figures = [figure for figure in found.figures if any((*figure.good, *figure.bad))]
    if len(figures) > MOST_ROWS:
        changed = [figure for figure in figures if figure in named or _change(figure)]
        changed.sort(key=lambda figure: (figure not in named, -_change(figure)))
        figures = changed[:MOST_ROWS]
    return [
        (
            figure.name,
            _number(_range(figure.good)),
            _number(_range(figure.bad)),
            _ratio(figure.range(Aspect.RATIO)),
            _difference(figure.range(Aspect.DIFFERENCE)),
        )
        for figure in figures
    ]


def _change(figure: Figure) -> float:
    difference = figure.range(Aspect.DIFFERENCE)
    return abs(difference.middle) if difference else 0.0


def _range(values: tuple[float, ...]) -> Range | None:
    return Figure("", (), values).range(Aspect.VALUE)


def _number(seen: Range | None) -> str:
    """The median of some runs."""
    return _digits(seen.middle) if seen else "–"


def _ratio(seen: Range | None) -> str:
    if seen is None:
        return "–"
    low, high = _times(seen.low), _times(seen.high)
    return f"{_times(seen.middle)}x" + (f" [{low}, {high}]" if low != high else "")


def _times(ratio: float) -> str:
    return "∞" if math.isinf(ratio) else f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"


def _difference(seen: Range | None) -> str:
    if seen is None:
        return "–"
    return _signed(seen.middle)


def _signed(value: float) -> str:
    return f"+{_digits(value)}" if value > 0 else _digits(value)


def _digits(value: float) -> str:
    """Without decimals if whole or large, else with three significant digits."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.hypothesis.name,
        "expect": outcome.hypothesis.expect,
        "verdict": outcome.verdict.value,
        "conditions": [_tried_json(tried) for tried in outcome.tried],
    }


def _tried_json(tried: Tried) -> dict[str, Any]:
    """`seen` is [median, smallest, largest]; JSON has no infinity, so an infinite ratio is null."""
    seen = tried.seen
    values = (seen.middle, seen.low, seen.high) if seen else None
    return {
        "condition": str(tried.condition),
        "verdict": tried.verdict.value,
        "good": list(tried.figure.good) if tried.figure else [],
        "bad": list(tried.figure.bad) if tried.figure else [],
        "seen": [value if math.isfinite(value) else None for value in values] if values else None,
        "why": tried.why,
    }
