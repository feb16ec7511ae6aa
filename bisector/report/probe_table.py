"""The readings of a hunt as rows for people: what the Markdown and HTML tables show."""

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
    """One reading; texts are as recorded and must be escaped by whoever shows them."""

    number: int
    commit: str
    info: CommitInfo | None
    role: str
    side: Side
    value: str
    """The measured value, or an empty string for a verdict."""
    times: str
    contention: str
    busy: bool
    why: str
    log: Path | None

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits of the commit's id."""
        return self.commit[:12]


def rows(record: HuntRecord) -> list[Row]:
    """A row for each reading, in the order in which they were made, numbered from 1."""
    return [_row(record, number, reading) for number, reading in enumerate(record.readings, 1)]


def _row(record: HuntRecord, number: int, reading: Reading) -> Row:
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
    )


def reading_side(record: HuntRecord, reading: Reading) -> Side:
    """Where one reading falls, taken alone."""
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
    """A positive number with three significant digits, thousands kept whole."""
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
    """Load, pressure and steal, as far as the machine gave them."""
    parts = []
    if contention.load is not None:
        parts.append(f"load {contention.load:.1f}")
    if contention.pressure is not None:
        parts.append(f"pressure {contention.pressure:.0%}")
    if contention.steal:
        parts.append(f"steal {contention.steal:.0%}")
    return ", ".join(parts)
