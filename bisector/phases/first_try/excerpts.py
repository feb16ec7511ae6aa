"""The last lines that builds and tests printed, without secrets."""

from __future__ import annotations

from bisector.hunt.advice import Excerpt
from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.record import HuntRecord
from bisector.hunt.secrets import without
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.build_failure import cause_in
from bisector.probe.reading import Reading, Role
from bisector.report.last_output import last_lines

LINES = 10
_SEARCHED = 300
"""Last lines in which the cause of a failure is looked for, if it is not among those shown."""
_MOST_UNTESTABLE = 5
"""Reasons of untestable commits that get an excerpt."""


def excerpts(record: HuntRecord) -> list[Excerpt]:
    """The excerpts to show with a conclusion.

    That is one of each endpoint that is not as the user said, and of the first commit with each reason to be
    untestable.
    """
    found = [
        excerpt(record, reading, end) for end, reading in endpoints_of(record) if reading.log is not None
    ]
    seen = {reading.commit for _, reading in endpoints_of(record)}
    left = record.conclusion.commits if isinstance(record.conclusion, AnyOf) else None
    reasons: dict[str, Reading] = {}
    for reading in record.readings:
        if reading.log is None or reading.commit in seen or (left is not None and reading.commit not in left):
            continue
        if type(reading.judgement) is Untestable:
            reasons.setdefault(reading.judgement.why, reading)
    return found + [excerpt(record, one, "") for one in list(reasons.values())[:_MOST_UNTESTABLE]]


def in_trouble(record: HuntRecord) -> list[tuple[str, Reading]]:
    """The endpoints that are not as the user said, each as "good" or "bad" with its last such reading."""
    return [(end, reading) for end, reading in endpoints_of(record) if not is_as_said(end, reading)]


def endpoints_of(record: HuntRecord) -> list[tuple[str, Reading]]:
    """What to show of both endpoints: nothing unless the conclusion is about them."""
    match record.conclusion:
        case NoRegression() | BadIsGood() | GoodIsBad():
            ends = {"good": record.good[0].id, "bad": record.bad.id}
        case MergeBaseIsBad(merge_base=base):
            ends = {"good": base}
        case Inconclusive() if not any(one.role is Role.SEARCH for one in record.readings):
            ends = {"good": record.good[0].id, "bad": record.bad.id}
        case _:
            return []
    last = {one.commit: one for one in record.readings if one.role in (Role.PREMISE, Role.MERGE_BASE)}
    readings = {end: last[commit] for end, commit in ends.items() if commit in last}
    for end, reading in readings.items():
        worse = [r for r in record.readings if r.commit == reading.commit and not is_as_said(end, r)]
        readings[end] = worse[-1] if worse and not isinstance(record.conclusion, NoRegression) else reading
    return list(readings.items())


def is_as_said(end: str, reading: Reading) -> bool:
    """Whether an endpoint, "good" or "bad", was judged as the user said."""
    return isinstance(reading.judgement, Good if end == "good" else Bad)


def excerpt(record: HuntRecord, reading: Reading, end: str) -> Excerpt:
    """What the command of a reading printed last; `end` as in `Excerpt`."""
    why = without(record.secrets, reading.judgement.why)
    lines = last_lines(record, reading, _SEARCHED)
    cause, shown = cause_in("\n".join(lines)), lines[-LINES:]
    if len(lines) > LINES and cause not in [line.strip() for line in shown]:
        shown = [cause, "...", *shown[2:]]
    return Excerpt(reading.commit, end, why, tuple(shown), reading.log)
