"""What a point of the picture says about its reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bisector.hunt.record import HuntRecord
from bisector.report import findings
from bisector.report.probe_table import Row, rows
from bisector.terms import Terms


def point_labels(record: HuntRecord) -> list[tuple[str, ...]]:
    """For each reading up to four lines: the commit; its verdict, ratio and pair; the machine; the log.

    The texts are as recorded, so the caller must escape them.
    """
    every = rows(record)
    of_commit, seen = Counter(row.commit for row in every), Counter[str]()
    labels = []
    for row in every:
        seen[row.commit] += 1
        paired = bool(record.readings[row.number - 1].against)
        which = f"{'pair' if paired else 'run'} {seen[row.commit]} of {of_commit[row.commit]}"
        labels.append(_label(row, which if paired or of_commit[row.commit] > 1 else "", record.terms))
    return labels


def _label(row: Row, which: str, terms: Terms) -> tuple[str, ...]:
    lines = (
        f"{row.number}. {row.short} {row.info.subject if row.info else ''}".rstrip(),
        _joined([findings.word(row.side, terms), row.value, which, row.role]),
        _joined([row.contention, "busy machine" if row.busy else ""]),
        f"log {row.log.name.removeprefix(f'{row.short}-')}" if row.log else "",
    )
    return tuple(line for line in lines if line)


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
