"""Prints the conclusion of a hunt."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bisector.cli.again import near
from bisector.errors import ExitCode
from bisector.hunt.conclusion import FirstBad, Inconclusive
from bisector.hunt.record import HuntRecord
from bisector.probe.reading import Role
from bisector.report import bounds, descent_words, failed_builds_words, findings
from bisector.report.explained import explained
from bisector.report.safe_text import visible, visible_lines
from bisector.report.saved import ahead, saved
from bisector.units import format_size

_BORDERS = len("│  │")
_PATCH_LINES = 40
_PATCH_STYLES = {"+++": "bold", "---": "bold", "diff ": "bold", "@@": "cyan", "+": "green", "-": "red"}
_STYLES = {ExitCode.FIRST_BAD: "green", ExitCode.NO_REGRESSION: "cyan"}


def show(
    console: Console,
    record: HuntRecord,
    report: Path | None,
    progress_log: Path | None,
    *,
    details: bool = False,
) -> None:
    """Print the conclusion, its figures, and the paths of the reports.

    `details` adds the time saved and the prefetched builds.
    """
    if record.conclusion is None:
        return
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in [*_facts(record), *(_details(record) if details else ())]:
        facts.add_row(name, Text(value))
    style = _STYLES.get(record.conclusion.exit_code, "yellow")
    reason = Text(visible(findings.reason(record)))
    # A path that the box would break could not be copied.
    fits = all(cell_len(word) <= console.width - _BORDERS for word in reason.plain.split())
    body = Group(*_head(record, style), *([reason] if fits else []), *_way_down(record), facts)
    console.print(Panel(body, border_style=style, expand=False))
    if not fits:
        console.print(reason, soft_wrap=True)
    if record.conclusion.exit_code in (ExitCode.NO_REGRESSION, ExitCode.WRONG_ENDPOINTS):
        console.print(_endpoints(record))
    for group in failed_builds_words.shown(record):
        console.print(Text(visible(failed_builds_words.title(group)), style="yellow"), soft_wrap=True)
        for line in failed_builds_words.details(group):
            console.print(Text(f"  {visible(line)}"), soft_wrap=True)
    for name, path in (("report", report), ("progress log", progress_log)):
        if path is not None:
            console.print(Text(visible(f"{name}: {near(path)}")), soft_wrap=True)


def show_next(console: Console, record: HuntRecord) -> None:
    """Print the commands that lead on."""
    for line in record.next_steps:
        console.print(Text(visible(f"next: {line}"), style="dim"), soft_wrap=True)


def _head(record: HuntRecord, style: str) -> list[Text]:
    """The outcome; of a single first bad commit, its subject comes first."""
    headline, found = findings.headline(record), record.conclusion
    info = findings.commit_info(record, found.commit) if isinstance(found, FirstBad) else None
    if info is None:
        return [Text(headline, style=f"bold {style}")]
    return [Text(visible(info.subject), style=f"bold {style}"), Text(headline, style=style)]


def _way_down(record: HuntRecord) -> Iterator[RenderableType]:
    """The steps down from the answer as a tree."""
    for depth, level in enumerate(record.descent):
        where = f"└ {descent_words.title(level)}" + (f": {level.range}" if level.range else "")
        yield Padding(Text(visible(where), style="bold"), (0, 0, 0, 2 * depth))
        yield Padding(Text(visible(descent_words.answer(level))), (0, 0, 0, 2 * depth + 2))
        if level.patch:
            yield Padding(_patch(level.patch), (0, 0, 0, 2 * depth + 4))


def _patch(patch: str) -> Text:
    """A short patch, in git's colours; of a long one the beginning."""
    lines = visible_lines(patch).split("\n")
    text = Text()
    for line in lines[:_PATCH_LINES]:
        style = next((style for start, style in _PATCH_STYLES.items() if line.startswith(start)), "dim")
        text.append(f"{line}\n", style=style)
    if lines[_PATCH_LINES:]:
        text.append(f"... {len(lines) - _PATCH_LINES} more lines\n", style="dim")
    return text


def show_premise(console: Console, record: HuntRecord) -> None:
    """Print that the premise holds, the figures of both endpoints, and the next step."""
    console.print(_endpoints(record))
    figures = f": {record.terms.over} {record.premise}" if record.premise else ""
    console.print(Text(f"the premise holds{figures}", style="bold green"))
    console.print(Text("next: the same command with `run` instead of `check`", style="dim"))


def _endpoints(record: HuntRecord) -> Table:
    """A row for each endpoint, with the medians of its runs."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "commit", "runs", "user", "wall", "peak memory", "judged"):
        table.add_column(heading, justify="left" if heading in ("", "commit", "judged") else "right")
    for name, info in ((record.terms.old, record.good[0]), (record.terms.new, record.bad)):
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
    title = "likely" if isinstance(record.conclusion, Inconclusive) else "commit"
    for commit in suspects[:8]:
        info = findings.commit_info(record, commit)
        if info:
            if not isinstance(record.conclusion, FirstBad):
                rows.append((title, f"{info.short}  {visible(info.subject)}"))
            if len(suspects) == 1:
                rows.append(("author", f"{visible(info.author)}, {info.date:%Y-%m-%d %H:%M %z}"))
    if len(suspects) > 8:
        rows.append(("", f"and {len(suspects) - 8} more"))
    effect, partly = findings.effect(record), explained(record)
    if effect:
        rows.append(("ratio", f"{effect} ({findings.evidence(effect)})"))
        if partly:
            rows.append(("explains", f"{partly.step.ratio:.2f}x of {partly.whole.ratio:.2f}x"))
    elif bound := bounds.bound(record):
        rows.append(("ratio", bound))
    if certainty := findings.certainty(record):
        rows.append(("confidence", certainty))
    rows.append(("probes", findings.probes(record)))
    seconds = findings.seconds(record)
    if seconds is not None:
        rows.append(("time", findings.duration(seconds)))
    return rows


def _details(record: HuntRecord) -> list[tuple[str, str]]:
    """What only matters to someone who asks how the hunt worked."""
    early = saved(record)
    rows = [("saved", str(early))] if early else []
    return [*rows, ("ahead", ahead(record))] if record.ahead else rows
