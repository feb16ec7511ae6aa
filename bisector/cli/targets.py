"""`bisector run` on a hunt of several targets: show it, then write its answers to log and report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bisector.cli.again import git_in, near
from bisector.cli.event_stream import EventStream
from bisector.cli.objects import print_object
from bisector.cli.on_end import run_hook_at_end
from bisector.cli.run import both, collected, describing
from bisector.cli.targets_screen import TargetsScreen
from bisector.errors import BisectorError, EnvironmentFault, ExitCode
from bisector.hunt import remembered
from bisector.hunt.ground import Ground
from bisector.hunt.targets.record import TargetsRecord
from bisector.hunt.targets.session import TargetsSession
from bisector.report import targets_findings
from bisector.report.progress_log import write_entry
from bisector.report.safe_text import visible
from bisector.report.targets_html import write_targets_html
from bisector.report.targets_markdown import entries_for
from bisector.report.targets_summary import targets_summary
from bisector.report.versioned import versioned

_NAMED = 6
"""Targets of one answer, or without one, that the screen names."""


def run_targets(
    ground: Ground,
    console: Console,
    stream: EventStream | None = None,
    *,
    as_json: bool,
    verbosity: int,
    restart: bool,
) -> int:
    """Hunt all targets to their conclusions; returns the exit code, 0 only if every answer is confirmed."""
    with TargetsScreen(console, describing(ground.repository), verbosity) as screen:
        heard = both(screen, stream) if stream else screen
        session = TargetsSession(ground, heard)
        record = session.run(heard, restart=restart)
    errors: list[BisectorError] = []
    report = _written(session, record, errors)
    if stream:
        stream.result(versioned("targets", targets_summary(record, report)))
    elif as_json:
        print_object("targets", targets_summary(record, report))
    else:
        show(console, record, report)
    if not record.is_remembered:
        _tell(ground, record, report, console)
    if errors:
        raise EnvironmentFault(
            f"the hunt is over, but {'; '.join(map(str, errors))}; "
            "run the same command to write what is missing"
        )
    return int(record.exit_code)


def _tell(ground: Ground, record: TargetsRecord, report: Path | None, console: Console) -> None:
    """Run the user's command at the end of a hunt."""
    found = " ".join(str(one.first_bad) for one in targets_findings.culprits(record))
    variables = {
        "BISECTOR_HUNT": record.name,
        "BISECTOR_CONCLUSION": "targets",
        "BISECTOR_EXIT_CODE": str(int(record.exit_code)),
        "BISECTOR_FIRST_BAD": found,
        "BISECTOR_REPORT": str(report or ""),
    }
    run_hook_at_end(ground, variables, console)


def report_path(session: TargetsSession) -> Path:
    """The file of the HTML report of all targets."""
    return session.ground.scratch.reports / f"{session.ground.hunt.hunt}-{session.key[:8]}-targets.html"


def _written(session: TargetsSession, record: TargetsRecord, errors: list[BisectorError]) -> Path | None:
    """Write report and progress log; returns the report, None if it could not be written."""
    report, hunt = report_path(session), session.ground.hunt
    with collected(errors):
        report.parent.mkdir(parents=True, exist_ok=True)
        write_targets_html(record, report)
    written = None if errors else report
    if hunt.progress_log is not None:
        with collected(errors):
            for entry in entries_for(record, written, date.today()):
                write_entry(hunt.progress_log, hunt.heading, entry)
    return written


def show(console: Console, record: TargetsRecord, report: Path | None) -> None:
    """Print the answers, what is open, the costs, and the path of the report."""
    if record.is_remembered:
        console.print(Text(f"remembered from an earlier start; {remembered.ANEW}", style="cyan"))
    style = {ExitCode.FIRST_BAD: "green", ExitCode.NO_REGRESSION: "cyan"}.get(record.exit_code, "yellow")
    lines = [Text(visible(targets_findings.headline(record)), style=f"bold {style}")]
    for answer in record.answers:
        names = [targets_findings.label(one) for one in answer.targets]
        lines.append(Text(f"{visible(targets_findings.found(record, answer))}: {_listed(names)}"))
        possible = targets_findings.possible(record, answer)
        lines += [Text(visible(f"  {one}"), style="dim") for one in possible[:_NAMED]]
        if len(possible) > _NAMED:
            lines.append(Text(f"  and {len(possible) - _NAMED} more", style="dim"))
    for one in record.open[:_NAMED]:
        lines.append(Text(visible(f"open: {one.target}: {targets_findings.why_open(one)}"), style="yellow"))
    if len(record.open) > _NAMED:
        lines.append(Text(f"and {len(record.open) - _NAMED} more without an answer", style="yellow"))
    for kind, named in record.others.items():
        lines.append(Text(f"not hunted: {len(named)} {kind}", style="dim"))
    lines.append(Text(targets_findings.costs(record), style="dim"))
    console.print(Panel(Text("\n").join(lines), border_style=style, expand=False))
    if report is not None:
        console.print(Text(visible(f"report: {near(report)}")), soft_wrap=True)
    for answer in targets_findings.culprits(record):
        command = git_in(record.repository, f"show {str(answer.first_bad)[:12]}")
        console.print(Text(visible(f"next: {command}"), style="dim"), soft_wrap=True)


def _listed(names: list[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
