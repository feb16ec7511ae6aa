"""`bisector run`: the hunt on screen, then the conclusion into the progress log and the reports."""

from __future__ import annotations

import functools
import json
import shlex
import sys
from datetime import date
from pathlib import Path

from rich.console import Console

from bisector.cli import conclusion
from bisector.cli.screen import Screen
from bisector.history.commit import CommitInfo
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.report.html import write_html_report
from bisector.report.progress_log import entry_for, write_entry
from bisector.report.safe_text import visible
from bisector.report.summary import summary


def run_hunt(session: Session, *, as_json: bool, verbosity: int, restart: bool) -> int:
    """Run a hunt to its conclusion; the exit code."""
    console = Console(stderr=as_json, highlight=False)
    if verbosity:
        _introduce(console, session)
    with Screen(console, _describing(session), verbosity) as screen:
        record = session.run(screen, restart=restart)
    report = write_report(session, record)
    log = session.hunt.progress_log
    if log is not None:
        write_entry(log, session.hunt.heading, entry_for(record, report, date.today()))
    if as_json:
        sys.stdout.write(json.dumps(summary(record, report)) + "\n")
    else:
        conclusion.show(console, record, report, log)
    return int(record.conclusion.exit_code) if record.conclusion else 0


def write_report(session: Session, record: HuntRecord) -> Path:
    """The HTML report of a hunt, in the hunt's scratch folder."""
    folder = session.scratch.reports
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{session.hunt.hunt}-{session.key[:8]}.html"
    write_html_report(record, path)
    return path


def _introduce(console: Console, session: Session) -> None:
    plan = session.plan
    describe = _describing(session)
    console.print(
        f"[bold]bisector[/bold]  hunt {session.hunt.hunt} in {shlex.quote(str(session.repository.path))}"
    )
    for name, commit in (("good", plan.good[0]), ("bad ", plan.bad)):
        info = describe(commit)
        console.print(f"{name}  {info.short}  ", end="")
        console.print(visible(info.subject), style="dim", markup=False)


def _describing(session: Session) -> functools._lru_cache_wrapper[CommitInfo]:
    return functools.lru_cache(maxsize=None)(lambda commit: session.repository.infos([commit])[commit])
