"""`bisector forget`: takes back single readings of a hunt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from bisector.cli.looking import looked_at
from bisector.cli.objects import print_object
from bisector.cli.options import Chosen
from bisector.cli.rows import Row, numbered_row, print_row
from bisector.errors import UsageError
from bisector.hunt.forgetting import Forgotten, forget
from bisector.hunt.record import HuntRecord
from bisector.predicate import Measured
from bisector.probe.reading import Reading
from bisector.report import findings
from bisector.report.probe_table import reading_side
from bisector.report.safe_text import visible


def forget_readings(chosen: Chosen, names: Sequence[str], *, listing: bool, as_json: bool) -> None:
    """Take back the readings that `names` mean, or list all readings."""
    if listing == bool(names):
        raise UsageError(
            "--list only lists the readings; leave out what it should forget"
            if listing
            else "nothing named; name a commit, or a reading by its number in `bisector forget --list`"
        )
    session, record = looked_at(chosen)
    console = Console(highlight=False)
    if listing:
        _list(console, record, as_json=as_json)
        return
    forgotten = forget(session, names)
    if as_json:
        print_object("forget", _document(record, forgotten))
        return
    for number, reading in forgotten.readings:
        print_row(console, _row(record, f"forgot {number}", reading))
    for commit in forgotten.untestable:
        console.print(Text(f"forgot that {_named(record, commit)} is untestable"), soft_wrap=True)
    if forgotten.conclusion is not None:
        console.print(Text(f"the conclusion {forgotten.conclusion.name} no longer holds"), soft_wrap=True)
    console.print(Text(f"next: {visible(record.reproduce)}", style="dim"), soft_wrap=True)


def _list(console: Console, record: HuntRecord, *, as_json: bool) -> None:
    numbered = list(enumerate(record.readings, 1))
    if as_json:
        document = {
            "hunt": record.name,
            "readings": [_reading(record, number, reading) for number, reading in numbered],
            "untestable": [{"commit": one.commit, "why": one.why} for one in record.untestable],
        }
        print_object("readings", document)
        return
    role = None
    for number, reading in numbered:
        if reading.role is not role:
            role = reading.role
            console.print(Text(role.value, style="bold"))
        print_row(console, _row(record, f"{number:>4}", reading))
    for fact in record.untestable:
        console.print(Text(f"untestable: {_named(record, fact.commit)}  {visible(fact.why)}"), soft_wrap=True)


def _row(record: HuntRecord, number: str, reading: Reading) -> Row:
    info = findings.commit_info(record, reading.commit)
    assert info is not None, "a record has the details of every commit that was read"
    return numbered_row(number, info, reading, reading_side(record, reading), record.terms)


def _named(record: HuntRecord, commit: str) -> str:
    info = findings.commit_info(record, commit)
    return f"{commit[:12]} {visible(info.subject) if info else ''}".rstrip()


def _document(record: HuntRecord, forgotten: Forgotten) -> dict[str, Any]:
    return {
        "hunt": record.name,
        "readings": [_reading(record, number, reading) for number, reading in forgotten.readings],
        "untestable": list(forgotten.untestable),
        "conclusion": forgotten.conclusion.name if forgotten.conclusion else None,
        "next": record.reproduce,
    }


def _reading(record: HuntRecord, number: int, reading: Reading) -> dict[str, Any]:
    return {
        "number": number,
        "commit": reading.commit,
        "for": reading.role.value,
        "verdict": reading_side(record, reading).value,
        "value": reading.judgement.value if isinstance(reading.judgement, Measured) else None,
        "why": reading.judgement.why,
        "at": reading.at.isoformat(),
        "shared": reading.shared or None,
    }
