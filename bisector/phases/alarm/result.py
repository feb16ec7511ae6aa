"""The result of the alarm: the table, failures, drifts, and how to find the cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bisector.errors import ExitCode, HistoryError
from bisector.hunt.ground import Ground
from bisector.hunt.journal import ResultRow
from bisector.hunt_file.alarm import Alarm
from bisector.phases.alarm.drift import Drift, Point, find_drift
from bisector.phases.alarm.hunt import command_line, hunt_values
from bisector.phases.alarm.references import References
from bisector.phases.alarm.run import (
    Measurement,
    Row,
    alarm_key,
    alarm_of,
    compared,
    other_machine,
)
from bisector.phases.alarm.words import answer, drift_title, measured_on, ms, notes, table
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result, Table
from bisector.report.findings import counted

PHASE = "alarm"
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Given:
    """The hunt file as the user named it, and the overrides of the command line."""

    config: str | None
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Found:
    """The result, and the overrides of the hunt for the cause (empty if there is nothing to hunt)."""

    result: Result
    hunt: Mapping[str, object]


def alarm_result(
    ground: Ground,
    given: Given,
    measurement: Measurement,
    references: References,
    history: Sequence[ResultRow],
    *,
    strict: bool = False,
) -> Found:
    """Compare a measurement with the references, and with its `history` (earlier ones, oldest first).

    `given` is how the user named the hunt; with `strict`, drift fails too.
    """
    alarm = alarm_of(ground)
    rows = [] if measurement.broken else compared(measurement, references)
    failed = [row for row in rows if row.fails(alarm.factor)]
    drifts = {} if failed else _drifts(measurement, references, history, alarm.drift)
    hunt = _hunt(ground, measurement, references, failed, drifts)
    title = f"{ground.hunt.hunt}: {answer(measurement, rows, failed, alarm.factor)}"
    command = command_line(given.config, {**given.values, **hunt}) if hunt else ""
    blocks: list[Block] = [Paragraph(title, strong=True)]
    if rows:
        blocks.append(table(rows, alarm.factor))
    blocks.append(Bullets(tuple(notes(measurement, references, rows, failed, drifts))))
    if command:
        blocks += [Paragraph("To find the cause:"), Code(command, "sh")]
    fails = bool(failed or measurement.broken or (strict and drifts))
    result = Result(
        phase=PHASE,
        key=alarm_key(ground),
        hunt=ground.hunt.hunt,
        title=title if fails or not drifts else f"{title}, but {drift_title(drifts)}",
        blocks=tuple(blocks),
        data={
            **measured_data(measurement, references),
            **_found_data(alarm, measurement, rows, drifts, command),
        },
        exit_code=ExitCode.CHECK_FAILED if fails else 0,
    )
    return Found(result, hunt)


def updated_result(
    ground: Ground, measurement: Measurement, old: References | None, new: References
) -> Result:
    """The result of `--update`, which starts a new history."""
    path = alarm_of(ground).references
    title = f"{ground.hunt.hunt}: reference times of {counted(len(measurement.times), 'benchmark')} written"
    rows = compared(measurement, old) if old else [Row(n, t, None) for n, t in measurement.times.items()]
    gone = tuple(f"{row.name} was not printed; its reference stays" for row in rows if row.time is None)
    times = Table(
        ("benchmark", "new ms", "old ms"),
        tuple((row.name, ms(row.time), ms(row.reference)) for row in rows if row.time is not None),
        frozenset({1, 2}),
    )
    remarks = (f"in {path.name}, {measured_on(measurement)}", *gone)
    data = {**measured_data(measurement, new), "updated": True}
    blocks = (Paragraph(title, strong=True), times, Bullets(remarks))
    return Result(PHASE, alarm_key(ground), ground.hunt.hunt, title, blocks, data)


def measured_data(measurement: Measurement, references: References) -> dict[str, Any]:
    """The data of a measurement that the history needs."""
    return {
        "commit": measurement.commit,
        "measured_at": measurement.at.isoformat(),
        "load": measurement.load,
        "runs": measurement.runs,
        "machine": dict(measurement.machine),
        "times": dict(measurement.times),
        "references": {"id": _identity(references), "commit": references.commit, "load": references.load},
    }


def _found_data(
    alarm: Alarm, measurement: Measurement, rows: Sequence[Row], drifts: Mapping[str, Drift], command: str
) -> dict[str, Any]:
    slow = [row for row in rows if row.ratio is not None and row.fails(alarm.factor)]
    return {
        "factor": alarm.factor,
        "benchmarks": [_row_data(row, alarm.factor) for row in rows],
        "broken": measurement.broken,
        "several": len(slow) > 1,
        "drift": {name: _drift_data(drift) for name, drift in drifts.items()},
        "command": command,
    }


def _drifts(
    measurement: Measurement, references: References, history: Sequence[ResultRow], least: float
) -> dict[str, Drift]:
    """Drift by benchmark since the references were written, from measurements on this machine."""
    documents = [row.document for row in history] + [measured_data(measurement, references)]
    own = [
        document
        for document in documents
        if not other_machine(measurement.machine, document["machine"])
        and document["references"]["id"] == _identity(references)
    ]
    found = {}
    for name in measurement.times:
        points = [
            Point(
                datetime.fromisoformat(document["measured_at"]), document["commit"], document["times"][name]
            )
            for document in own
            if name in document["times"]
        ]
        if drift := find_drift(points, least):
            found[name] = drift
    return found


def _identity(references: References) -> str:
    text = json.dumps([references.commit, sorted(references.times.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _hunt(
    ground: Ground,
    measurement: Measurement,
    references: References,
    failed: Sequence[Row],
    drifts: Mapping[str, Drift],
) -> dict[str, object]:
    """The hunt for the benchmark that changed most; empty if the commit is that of the references."""
    good, pattern, name = _good(ground, references), alarm_of(ground).pattern, ground.hunt.hunt
    bad = measurement.commit[:_SHORT]
    slower = [(row.ratio, row.name) for row in failed if row.ratio is not None]
    if bad in good:
        return {}
    if slower:
        ratio, benchmark = max(slower)
        return hunt_values(name, good, bad, pattern, benchmark, ratio)
    if measurement.broken:
        return hunt_values(name, good, bad, pattern, None, 1.0)
    if drifts:
        benchmark, drift = max(drifts.items(), key=lambda item: item[1].ratio)
        return hunt_values(name, [drift.before.commit[:_SHORT]], bad, pattern, benchmark, drift.ratio)
    return {}


def _good(ground: Ground, references: References) -> list[str]:
    """The commit of the references if the history has it, else the hunt file's good."""
    named = [references.commit] if references.commit else []
    try:
        return [ground.repository.resolve(commit)[:_SHORT] for commit in named or ground.hunt.good]
    except HistoryError:
        return list(ground.hunt.good)


def _row_data(row: Row, factor: float) -> dict[str, Any]:
    own = {"name": row.name, "milliseconds": row.time, "reference": row.reference}
    return {**own, "ratio": row.ratio, "fails": row.fails(factor)}


def _drift_data(drift: Drift) -> dict[str, Any]:
    return {
        "ratio": drift.ratio,
        "per_month": drift.per_month,
        "before": drift.before.commit,
        "after": drift.after.commit,
        "since": drift.before.at.isoformat(),
        "p": drift.p,
    }
