"""The alarm in words: its answer, its table, and notes on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bisector.phases.alarm.drift import Drift
from bisector.phases.alarm.references import References, plain
from bisector.phases.alarm.run import IDENTITY, Measurement, Row, other_machine
from bisector.phases.result import Table
from bisector.report.findings import counted


def answer(measurement: Measurement, rows: Sequence[Row], failed: Sequence[Row], factor: float) -> str:
    """One sentence: all is well, one benchmark fails, or several at once."""
    if measurement.broken:
        return f"the benchmarks do not run at {measurement.commit[:12]}: {measurement.broken}"
    compared_rows = [row for row in rows if row.reference is not None]
    if not failed:
        if not compared_rows:
            return "no benchmark has a reference"
        worst = max(compared_rows, key=lambda row: row.ratio or 0.0)
        count = counted(len(compared_rows), "benchmark")
        return f"{count} within {factor:g}x of the references; the slowest is {worst.name} at {_ratio(worst)}"
    slow, gone = [r for r in failed if r.time is not None], [r.name for r in failed if r.time is None]
    if not slow:
        return f"has a reference but was not printed: {', '.join(gone)}"
    which = ", ".join(f"{row.name} {_ratio(row)}" for row in slow)
    if len(slow) == 1:
        return f"{which}, above {factor:g}x: only one benchmark, so check the code it exercises"
    return (
        f"{len(slow)} of {len(compared_rows)} benchmarks above {factor:g}x ({which}): "
        "a regression in code that they share is likely"
    )


def notes(
    measurement: Measurement,
    references: References,
    rows: Sequence[Row],
    failed: Sequence[Row],
    drifts: Mapping[str, Drift],
) -> list[str]:
    """How the figures were measured, and caveats."""
    of_references = f"; references: commit {references.commit[:12]}" if references.commit else ""
    of_references += f", load {references.load:.1f}" if references.load is not None else ""
    remarks = [measured_on(measurement) + of_references]
    if differences := other_machine(measurement.machine, references.machine):
        remarks.append(
            f"the references are from another machine ({', '.join(differences)}), so the ratios are less "
            "reliable; measure references here with --update"
        )
    if failed and measurement.commit == references.commit:
        remarks.append("the references were measured at this commit: the machine changed, not the code")
    if new := [row.name for row in rows if row.reference is None]:
        remarks.append(f"without a reference: {', '.join(new)}; add it with `--update`")
    if gone := [row.name for row in rows if row.time is None]:
        remarks.append(f"has a reference but was not printed: {', '.join(gone)}")
    return remarks + [f"drift of {name}: {_drift_words(drift)}" for name, drift in drifts.items()]


def measured_on(measurement: Measurement) -> str:
    """The commit, machine, runs and load of a measurement."""
    machine = ", ".join(
        f"{measurement.machine[key]}{' cores' if key == 'cores' else ''}"
        for key in IDENTITY
        if key in measurement.machine
    )
    runs = counted(measurement.runs, "run")
    return f"measured at {measurement.commit[:12]} on {machine}: least of {runs}, load {measurement.load:.1f}"


def table(rows: Sequence[Row], factor: float) -> Table:
    """A row for each benchmark."""
    head = ("benchmark", "now ms", "reference ms", "ratio", "")
    cells = tuple(
        (row.name, ms(row.time), ms(row.reference), _ratio(row), _word(row, factor)) for row in rows
    )
    return Table(head, cells, frozenset({1, 2, 3}))


def _word(row: Row, factor: float) -> str:
    if row.reference is None:
        return "new"
    return "FAILS" if row.fails(factor) else "ok"


def ms(time: float | None) -> str:
    """Milliseconds as text; empty for None."""
    return plain(time) if time is not None else ""


def _ratio(row: Row) -> str:
    return f"{row.ratio:.2f}x" if row.ratio is not None else "not printed" if row.time is None else ""


def drift_title(drifts: Mapping[str, Drift]) -> str:
    """The drifts in a few words."""
    return f"{', '.join(f'{name} {drift.ratio:.2f}x' for name, drift in drifts.items())} by drift"


def _drift_words(drift: Drift) -> str:
    sure = f"by chance once in {1 / drift.p:,.0f} times" if drift.p > 1e-9 else "not by chance"
    if drift.per_month is None:
        return (
            f"a step of {drift.ratio:.2f}x between {drift.before.commit[:12]} and {drift.after.commit[:12]} "
            f"({drift.after.at:%Y-%m-%d}; {sure})"
        )
    return (
        f"a creep of {drift.per_month:.2f}x per month since {drift.before.at:%Y-%m-%d} "
        f"({drift.before.commit[:12]}), {drift.ratio:.2f}x in total ({sure})"
    )
