"""The end of a hunt, as a person sees it."""

from __future__ import annotations

import shlex
import statistics
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bisector.errors import ExitCode
from bisector.hunt.record import HuntRecord
from bisector.probe.reading import Role
from bisector.report import bounds, findings
from bisector.report.safe_text import visible
from bisector.report.saved import ahead, saved
from bisector.units import format_size

_STYLES = {ExitCode.FIRST_BAD: "green", ExitCode.NO_REGRESSION: "cyan"}


def show(console: Console, record: HuntRecord, report: Path | None, progress_log: Path | None) -> None:
    """Print the conclusion, its figures, where the report is, and what to do next."""
    if record.conclusion is None:
        return
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(record):
        facts.add_row(name, Text(value))
    style = _STYLES.get(record.conclusion.exit_code, "yellow")
    body = Group(
        Text(findings.headline(record), style=f"bold {style}"), Text(visible(findings.reason(record))), facts
    )
    console.print(Panel(body, border_style=style, expand=False))
    if record.conclusion.exit_code is ExitCode.NO_REGRESSION:
        console.print(_endpoints(record))
    for name, path in (("report", report), ("progress log", progress_log)):
        if path is not None:
            console.print(Text(visible(f"{name}: {_near(path)}")), soft_wrap=True)
    for line in _next_steps(record):
        console.print(Text(visible(f"next: {line}"), style="dim"), soft_wrap=True)


def show_premise(console: Console, record: HuntRecord) -> None:
    """Print that the premise holds, with the figures of both endpoints, and what to do next."""
    console.print(_endpoints(record))
    figures = f": bad over good {record.premise}" if record.premise else ""
    console.print(Text(f"the premise holds{figures}", style="bold green"))
    console.print(Text("next: the same command with `run` in place of `check`", style="dim"))


def _endpoints(record: HuntRecord) -> Table:
    """A row for each endpoint: what its runs took, at the median."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "commit", "runs", "user", "wall", "peak memory", "judged"):
        table.add_column(heading, justify="left" if heading in ("", "commit", "judged") else "right")
    for name, info in (("good", record.good[0]), ("bad", record.bad)):
        readings = [r for r in record.readings if r.commit == info.id and r.role is Role.PREMISE]
        runs = [r.run for r in readings if r.run is not None]
        if runs:
            memory = [run.peak_memory for run in runs if run.peak_memory is not None]
            table.add_row(
                name,
                info.short,
                str(len(runs)),
                findings.duration(statistics.median(run.user for run in runs)),
                findings.duration(statistics.median(run.wall for run in runs)),
                format_size(int(statistics.median(memory))) if memory else "",
                Text(visible(readings[-1].judgement.why)),
            )
    return table


def _facts(record: HuntRecord) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    suspects = findings.suspects(record)
    for commit in suspects[:8]:
        info = findings.commit_info(record, commit)
        if info:
            rows.append(("commit", f"{info.short}  {visible(info.subject)}"))
            if len(suspects) == 1:
                rows.append(("author", f"{visible(info.author)}, {info.date:%Y-%m-%d %H:%M %z}"))
    if len(suspects) > 8:
        rows.append(("", f"and {len(suspects) - 8} more"))
    effect = findings.effect(record)
    if effect:
        rows.append(("ratio", f"{effect} ({findings.evidence(effect)})"))
    elif bound := bounds.bound(record):
        rows.append(("ratio", bound))
    confidence = findings.confidence(record)
    if confidence is not None:
        rows.append(("confidence", findings.certainty(record)))
    skipped = len(findings.skipped(record))
    rows.append(("probes", f"{record.probes}" + (f", {skipped} of them untestable" if skipped else "")))
    seconds = findings.seconds(record)
    if seconds is not None:
        rows.append(("time", findings.duration(seconds)))
    early = saved(record)
    if early:
        rows.append(("saved", str(early)))
    if record.ahead:
        rows.append(("ahead", ahead(record)))
    return rows


def _next_steps(record: HuntRecord) -> list[str]:
    suspects = findings.suspects(record)
    if len(suspects) == 1:
        where = _near(record.repository)
        elsewhere = "" if where == Path() else f"-C {shlex.quote(str(where))} "
        return [f"git {elsewhere}show {suspects[0][:12]}"]
    return []


def _near(path: Path) -> Path:
    """`path` from the current folder where it lies below that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
