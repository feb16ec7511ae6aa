"""The readings of a hunt as rows of the Markdown and HTML tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from bisector.hunt.record import CommitInfo, HuntRecord, Reading
from bisector.predicate import Bad, Contention, Good, Measured, Run
from bisector.report import findings
from bisector.report.findings import Side


@dataclass(frozen=True, slots=True)
class Row:
    """One reading; texts are as recorded, so the caller must escape them."""

    number: int
    commit: str
    info: CommitInfo | None
    role: str
    side: Side
    value: str
    """The measured value; empty for a verdict."""
    times: str
    contention: str
    busy: bool
    why: str
    log: Path | None
    position: int
    """Among the candidates; -1 for commits before the first of them."""
    ratio: float | None
    """The measured value as a number, to sort by."""
    seconds: float | None
    """The time that `times` begins with, to sort by."""

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits of the commit's id."""
        return self.commit[:12]


def rows(record: HuntRecord) -> list[Row]:
    """A row per reading, in chronological order, numbered from 1."""
    positions = {commit: at for at, commit in enumerate(record.candidates)}
    numbered = enumerate(record.readings, 1)
    return [_row(record, number, reading, positions.get(reading.commit, -1)) for number, reading in numbered]


def _row(record: HuntRecord, number: int, reading: Reading, position: int) -> Row:
    contention = reading.run.contention if reading.run else Contention()
    return Row(
        number=number,
        commit=reading.commit,
        info=findings.commit_info(record, reading.commit),
        role=reading.role.value,
        side=reading_side(record, reading),
        value=_value(reading),
        times=_times(reading),
        contention=contention_text(contention),
        busy=findings.busy(contention, findings.cores(record)),
        why=reading.judgement.why,
        log=reading.log,
        position=position,
        ratio=reading.judgement.value if isinstance(reading.judgement, Measured) else None,
        seconds=reading.run.user if reading.run else None,
    )


def reading_side(record: HuntRecord, reading: Reading) -> Side:
    """The side of one reading on its own."""
    match reading.judgement:
        case Good():
            return Side.GOOD
        case Bad():
            return Side.BAD
        case Measured():
            return findings.side(record, [reading])
    return Side.UNTESTABLE


def _value(reading: Reading) -> str:
    if not isinstance(reading.judgement, Measured):
        return ""
    value = reading.judgement.value
    return f"{value:.2f}x" if reading.against else number(value)


def number(value: float) -> str:
    """A positive number with three significant digits; from 1000 up without decimals."""
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{max(digits, 0)}f}"


def _times(reading: Reading) -> str:
    parts = []
    if reading.run:
        parts.append(f"user {_seconds(reading.run)}")
    if reading.reference:
        parts.append(f"reference {_seconds(reading.reference)}")
    if reading.build_seconds >= 0.5:
        parts.append(f"build {findings.duration(reading.build_seconds)}")
    return ", ".join(parts)


def _seconds(run: Run) -> str:
    return findings.duration(run.user)


def contention_text(contention: Contention) -> str:
    """Load, pressure and steal, if known."""
    parts = []
    if contention.load is not None:
        parts.append(f"load {contention.load:.1f}")
    if contention.pressure is not None:
        parts.append(f"pressure {contention.pressure:.0%}")
    if contention.steal:
        parts.append(f"steal {contention.steal:.0%}")
    return ", ".join(parts)
