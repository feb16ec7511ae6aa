"""What the tests and builds of a hunt printed last: beside the readings, and where a hunt could not begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bisector.hunt.conclusion import BadIsGood, GoodIsBad, Inconclusive, MergeBaseIsBad
from bisector.hunt.record import HuntRecord, Reading, Role
from bisector.hunt.secrets import without
from bisector.predicate import Bad, Good, Judgement, Untestable
from bisector.report.findings import Side
from bisector.report.log_tail import log_tail
from bisector.report.probe_table import reading_side

MOST = 30
"""Readings up to which the page has the last lines of every log."""
MOST_TELLING = 60
"""In a longer hunt, it has those of at most this many untestable, bad and endpoint readings."""
_OBSTACLE_LINES = 25


def last_lines(record: HuntRecord, reading: Reading, lines: int = 10) -> list[str]:
    """The last lines of the reading's log, without secrets; without a log, of the output in the journal.

    Hostile text.
    """
    found = log_tail(reading.log, lines) if reading.log else []
    kept = reading.run.output.splitlines() if reading.run else []
    return [without(record.secrets, line) for line in found or [line[:400] for line in kept[-lines:]]]


def tails(record: HuntRecord) -> dict[int, list[str]]:
    """The last lines of logs by number of the reading (from 1), of a bounded number of readings."""
    numbers: Sequence[int] = range(1, len(record.readings) + 1)
    if len(numbers) > MOST:
        ends = {record.bad.id, *(commit.id for commit in record.good)}
        of_ends = [n for n in numbers if record.readings[n - 1].commit in ends]
        others = [n for n in numbers if n not in of_ends and _failed(record, record.readings[n - 1])]
        # Later readings are nearer to the answer.
        numbers = [*of_ends, *reversed(others)][:MOST_TELLING]
    found = ((number, last_lines(record, record.readings[number - 1])) for number in numbers)
    return {number: lines for number, lines in found if lines}


def _failed(record: HuntRecord, reading: Reading) -> bool:
    return reading_side(record, reading) in (Side.BAD, Side.UNTESTABLE)


def obstacle(record: HuntRecord) -> tuple[Reading, list[str]] | None:
    """The reading for which the hunt could not begin, and what it printed last; None if it searched.

    That is an endpoint that cannot be tested or is not what the user said, or a merge base that is bad.
    """
    if any(reading.role is Role.SEARCH for reading in record.readings):
        return None
    found = next(_obstacles(record), None)
    return (found, last_lines(record, found, _OBSTACLE_LINES)) if found else None


def _obstacles(record: HuntRecord) -> Iterator[Reading]:
    good = [commit.id for commit in record.good]
    match record.conclusion:
        case GoodIsBad():
            yield from _judged(record, good, Bad)
        case BadIsGood():
            yield from _judged(record, [record.bad.id], Good)
        case MergeBaseIsBad(merge_base=commit):
            yield from _judged(record, [commit], Bad)
        case Inconclusive() | None:
            yield from _judged(record, [*good, record.bad.id], Untestable)


def _judged(record: HuntRecord, commits: Sequence[str], kind: type[Judgement]) -> Iterator[Reading]:
    """The readings of these commits with a judgement of this kind, latest first."""
    return (r for r in reversed(record.readings) if r.commit in commits and isinstance(r.judgement, kind))
