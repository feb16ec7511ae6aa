"""Two hunts side by side: their answers, and the commits that they judged differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord
from bisector.probe.reading import Reading
from bisector.report import findings
from bisector.report.findings import Side


@dataclass(frozen=True, slots=True)
class Judged:
    """One commit in one hunt; without readings, it is known to be untestable."""

    side: Side
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two hunts have in common; pairs are in the order of the hunts."""

    same_answer: bool
    """Whether both have ended, and in the same way, with the same commits."""
    both: int
    """Number of commits that both hunts have judged."""
    differently: Sequence[tuple[str, Judged, Judged]]
    """Those of them on different sides, by full id, in the order of the range of the first hunt."""


def compare(one: HuntRecord, other: HuntRecord) -> Comparison:
    """Compare two hunts, finished or not."""
    here, there = _judged(one), _judged(other)
    common = [commit for commit in here if commit in there]
    order = {commit: at for at, commit in enumerate(one.candidates)}
    common.sort(key=lambda commit: order.get(commit, -1))
    return Comparison(
        same_answer=_answer(one) == _answer(other) and one.conclusion is not None,
        both=len(common),
        differently=[(c, here[c], there[c]) for c in common if here[c].side is not there[c].side],
    )


def verdict(comparison: Comparison, one: HuntRecord, other: HuntRecord, names: tuple[str, str]) -> str:
    """The result in a sentence; may contain text from the repository."""
    unfinished = [name for name, record in zip(names, (one, other), strict=True) if not record.conclusion]
    if unfinished:
        return f"{' and '.join(unfinished)} {'is' if len(unfinished) == 1 else 'are'} not finished."
    if comparison.same_answer:
        return f"Both give the same answer: {_named(one)}."
    return f"The answers differ: {names[0]} says {_named(one)}, {names[1]} says {_named(other)}."


def _named(record: HuntRecord) -> str:
    headline, found = findings.headline(record), record.conclusion
    info = findings.commit_info(record, found.commit) if isinstance(found, FirstBad) else None
    return f"{headline} ({info.subject})" if info else headline


def _answer(record: HuntRecord) -> tuple[str, frozenset[str]]:
    name = record.conclusion.name if record.conclusion else ""
    return name, frozenset(findings.suspects(record))


def _judged(record: HuntRecord) -> dict[str, Judged]:
    """Every commit that was read or is known to be untestable, by full id."""
    found = {fact.commit: Judged(Side.UNTESTABLE, ()) for fact in record.untestable}
    for commit in dict.fromkeys(reading.commit for reading in record.readings):
        readings = record.known.of(commit)
        found[commit] = Judged(findings.side(record, readings), readings)
    return found
