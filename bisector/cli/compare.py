"""`bisector compare`: two hunts side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bisector import hunt_file
from bisector.cli.again import flat
from bisector.cli.looking import ground_of, nth, only_looking, row_called
from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.rows import ratio_of
from bisector.cli.status import chosen_scratch, journal_in
from bisector.errors import HistoryError, HuntFileError
from bisector.hunt.good_commit import session_on
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.planning import plan_of
from bisector.hunt.record import HuntRecord
from bisector.hunt.recording import Recording
from bisector.hunt.scratch import Scratch
from bisector.hunt.session import known_of
from bisector.phases.result import Block, Paragraph, Result, Table
from bisector.report import bounds, comparison, findings
from bisector.report.comparison import Comparison, Judged
from bisector.report.summary import summary
from bisector.terms import Terms

_NO_DIFFERENCE = {"hunt", "scratch", "progress_log", "heading"}
"""Keys of a hunt that cannot change its answer."""
_OF_THE_HUNT = {"the name of the hunt", "the range", "the overlay"}
"""Ingredients of a recipe that are keys of the hunt."""
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Hunt:
    """A hunt under the name by which the user called it."""

    name: str
    row: HuntRow
    record: HuntRecord


def compare_hunts(place: Chosen, one: str, other: str, *, as_json: bool, md: Path | None) -> int:
    """Compare two hunts; each is a name in the journal, a hunt file or a scratch folder. Returns 0."""
    hunts = _hunt(place, one), _hunt(place, other)
    return publish(_result(*hunts), console_for(as_json=as_json, md=md), as_json=as_json, md=md)


def _hunt(place: Chosen, word: str) -> _Hunt:
    row, journal = _row(place, word)
    repository = str(row.document["repository"])
    if not Path(repository).is_dir():
        # The journal is of another machine.
        repository = str(place.values.get("repository", "."))
    ground = ground_of(replace(row, document={**row.document, "repository": repository}))
    plan = plan_of(ground, ground.hunt.before)
    return _Hunt(word, row, Recording(ground, plan).record(row, known_of(ground, plan, journal, row)))


def _row(place: Chosen, word: str) -> tuple[HuntRow, Journal]:
    """The hunt that a word means, and its journal."""
    folder = Scratch(Path(word))
    if folder.journal.is_file():
        journal = journal_in(folder)
        # A search for a good commit is no hunt of its own.
        rows = [
            row
            for row in journal.hunts()
            if hunt_file.AUTO not in (*_listed(row.document["good"]), row.document["bad"]) and not row.within
        ]
        return nth(rows, 0, word), journal
    scratch = chosen_scratch(place)
    if scratch.journal.exists():
        journal = journal_in(scratch)
        if (row := row_called([row for row in journal.hunts() if not row.within], word)) is not None:
            return row, journal
    try:
        file = hunt_file.find(word, Path.cwd())
    except HuntFileError as error:
        known = ", ".join(dict.fromkeys(row.name for row in _rows(scratch))) or "none"
        raise HistoryError(
            f"there is no hunt and no hunt file '{word}'; the hunts in {scratch.root} are: {known}"
        ) from error
    session = session_on(Chosen(str(file), {}).ground(), only_looking)
    journal = journal_in(session.ground.scratch)
    return session.begun(journal), journal


def _rows(scratch: Scratch) -> list[HuntRow]:
    return journal_in(scratch).hunts() if scratch.journal.exists() else []


def _result(one: _Hunt, other: _Hunt) -> Result:
    found = comparison.compare(one.record, other.record)
    title = comparison.verdict(found, one.record, other.record, (one.name, other.name))
    differs = dict(_different_values(one.row, other.row))
    return Result(
        phase="compare",
        key=f"{one.row.key} {other.row.key}",
        hunt=f"{one.name} {other.name}",
        title=title,
        blocks=tuple(_blocks(one, other, found, title, differs)),
        data={
            "same_answer": found.same_answer,
            "hunts": [summary(one.record), summary(other.record)],
            "differs": differs,
            "differs_outside": _outside(one.row, other.row),
            "read_by_both": found.both,
            "judged_differently": [_document(*judged) for judged in found.differently],
        },
    )


def _blocks(
    one: _Hunt, other: _Hunt, found: Comparison, title: str, differs: dict[str, list[str]]
) -> Iterator[Block]:
    names = (one.name, other.name)
    yield Paragraph(title, strong=True)
    rows = zip(_figures(one.record), _figures(other.record), strict=True)
    told = tuple((label, here, there) for (label, here), (_, there) in rows if here or there)
    yield Table(("", *names), told)
    if differs:
        yield Table(("key", *names), tuple((key, *pair) for key, pair in differs.items()))
    if outside := _outside(one.row, other.row):
        yield Paragraph(f"Different outside of the hunt file: {', '.join(outside)}.")
    both = f"{findings.counted(found.both, 'commit')} judged by both"
    if not found.differently:
        yield Paragraph(f"{both}, all alike." if found.both else f"{both}.")
        return
    yield Paragraph(f"{both}, {len(found.differently)} of them differently:")
    yield Table(("commit", *names), tuple(_differing(one, *judged) for judged in found.differently))


def _figures(record: HuntRecord) -> list[tuple[str, str]]:
    """The same labels for every hunt; a text is empty if it does not apply."""
    suspects = [findings.commit_info(record, commit) for commit in findings.suspects(record)]
    effect, length = findings.effect(record), findings.seconds(record)
    return [
        ("conclusion", findings.headline(record)),
        ("commit", suspects[0].subject if len(suspects) == 1 and suspects[0] else ""),
        ("ratio", str(effect) if effect else bounds.bound(record)),
        ("confidence", findings.certainty(record)),
        ("range", f"{record.good[0].short}..{record.bad.short}"),
        ("probes", str(record.probes)),
        ("readings", str(len(record.readings))),
        ("time", findings.duration(length) if length is not None and record.conclusion else ""),
    ]


def _differing(one: _Hunt, commit: str, here: Judged, there: Judged) -> tuple[str, str, str]:
    info = findings.commit_info(one.record, commit)
    return (
        f"{commit[:12]} {info.subject if info else ''}".rstrip(),
        _told(here, one.record.terms),
        _told(there, one.record.terms),
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _told(judged: Judged, terms: Terms) -> str:
    if not judged.readings:
        return findings.word(judged.side, terms)
    parts = (findings.word(judged.side, terms), ratio_of(judged.readings))
    many = findings.counted(len(judged.readings), "reading")
    return f"{' '.join(filter(None, parts))} ({many})"


def _document(commit: str, here: Judged, there: Judged) -> dict[str, object]:
    pair = (here, there)
    ratios = [ratio_of(one.readings) or None if one.readings else None for one in pair]
    return {"commit": commit, "sides": [one.side.value for one in pair], "ratios": ratios}


def _different_values(one: HuntRow, other: HuntRow) -> Iterator[tuple[str, list[str]]]:
    """Keys of the hunts with different values, as text."""
    here, there = flat(one.document), flat(other.document)
    for key in dict.fromkeys([*here, *there]):
        if key.split(".")[0] not in _NO_DIFFERENCE and here.get(key) != there.get(key):
            yield key, [_text(here.get(key)), _text(there.get(key))]


def _outside(one: HuntRow, other: HuntRow) -> list[str]:
    """What else differs, such as a script or the computer; the keys of the hunt are listed with values."""
    differing = [name for name, digest in one.recipe.items() if other.recipe.get(name, digest) != digest]
    return [name for name in differing if not name.startswith("`") and name not in _OF_THE_HUNT]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    text = "" if value is None else str(value)
    return text[:12] if _ID.fullmatch(text) else text
