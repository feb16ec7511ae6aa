"""`bisector run` and `check`: the hunt on screen, then the conclusion into progress log and reports."""

from __future__ import annotations

import contextlib
import functools
import json
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli import conclusion
from bisector.cli.again import change_of, command_of
from bisector.cli.options import Chosen
from bisector.cli.ready import ready
from bisector.cli.screen import Screen
from bisector.errors import BisectorError, EnvironmentFault
from bisector.history.commit import CommitInfo
from bisector.history.repository import Repository
from bisector.hunt import remembered
from bisector.hunt.good_commit import session_on
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.report.progress_log import entry_for, write_entry
from bisector.report.safe_text import visible
from bisector.report.summary import summary

_READY_AFTER = 1.0
"""Seconds after which a hunt waits for its first build, most likely."""

Way = Callable[[Session, Screen], HuntRecord]


def run_hunt(chosen: Chosen, *, as_json: bool, verbosity: int, restart: bool) -> int:
    """Run a hunt to its conclusion; the exit code."""
    console = Console(stderr=as_json, highlight=False)
    session, record = _on_screen(
        chosen, console, verbosity, lambda session, screen: session.run(screen, restart=restart)
    )
    return _publish(session, record, console, as_json=as_json)


def check_premise(chosen: Chosen, *, as_json: bool, verbosity: int, restart: bool) -> int:
    """Read the endpoints; the exit code, 0 where there is something to hunt."""
    console = Console(stderr=as_json, highlight=False)
    session, record = _on_screen(
        chosen, console, verbosity, lambda session, screen: session.check(screen, restart=restart)
    )
    if record.conclusion is not None:
        return _publish(session, record, console, as_json=as_json)
    if as_json:
        sys.stdout.write(json.dumps({**summary(record), "premise": "established"}) + "\n")
    else:
        conclusion.show_premise(console, record)
    return 0


def _on_screen(chosen: Chosen, console: Console, verbosity: int, way: Way) -> tuple[Session, HuntRecord]:
    ground = ready(chosen.ground())
    describe = _describing(ground.repository)
    if verbosity:
        where = visible(shlex.quote(str(ground.repository.path)))
        title = Text.assemble(("bisector", "bold"), f"  hunt {ground.hunt.hunt} in {where}")
        console.print(title, soft_wrap=True)
    with Screen(console, describe, verbosity) as screen:
        session = session_on(ground, screen)
        if verbosity:
            _introduce(console, session, describe)
        getting_ready = threading.Timer(_READY_AFTER, _get_report_ready)
        getting_ready.daemon = True
        getting_ready.start()
        record = way(session, screen)
        getting_ready.cancel()
    return session, replace(record, reproduce=command_of(chosen, session))


def _publish(session: Session, record: HuntRecord, console: Console, *, as_json: bool) -> int:
    """The conclusion into report, progress log and onto the screen; its exit code.

    It is shown also where one of these cannot be written, which is then the end: `EnvironmentFault`.
    """
    report, log = _report_path(session), session.ground.hunt.progress_log
    unwritten: list[BisectorError] = []
    with _collected(unwritten):
        _write_report(session, record, report)
    told, before = None if unwritten else report, len(unwritten)
    with _collected(unwritten):
        if log is not None:
            write_entry(log, session.ground.hunt.heading, entry_for(record, told, date.today()))
    logged = log if len(unwritten) == before else None
    if record.remembered:
        at = remembered.clock_time(record.remembered)
        console.print(Text(f"remembered from {at}; {remembered.ANEW}", style="cyan"))
    if as_json:
        sys.stdout.write(json.dumps(summary(record, told)) + "\n")
    else:
        conclusion.show(console, record, told, logged)
    if unwritten:
        raise EnvironmentFault(
            f"the hunt is over, but {'; '.join(map(str, unwritten))}; the same command writes what is missing"
        )
    return int(record.conclusion.exit_code) if record.conclusion else 0


@contextlib.contextmanager
def _collected(errors: list[BisectorError]) -> Iterator[None]:
    """Put aside what could not be written."""
    try:
        yield
    except BisectorError as error:
        errors.append(error)
    except OSError as error:
        errors.append(EnvironmentFault(f"{error.filename} cannot be written: {error.strerror}"))


def _get_report_ready() -> None:
    """Import and compile what the report needs, which nobody has to wait for while a hunt runs."""
    from bisector.report import html

    html.template()


def _report_path(session: Session) -> Path:
    return session.ground.scratch.reports / f"{session.ground.hunt.hunt}-{session.key[:8]}.html"


def _write_report(session: Session, record: HuntRecord, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    from bisector.report.html import write_html_report  # Ready by now (`_get_report_ready`).

    write_html_report(record, path, change_of(session.ground.repository, record))


def _introduce(console: Console, session: Session, describe: Callable[[str], CommitInfo]) -> None:
    for name, commit in (("good", session.plan.good[0]), ("bad ", session.plan.bad)):
        info = describe(commit)
        console.print(
            Text.assemble(f"{name}  {info.short}  ", (visible(info.subject), "dim")), soft_wrap=True
        )


def _describing(repository: Repository) -> Callable[[str], CommitInfo]:
    return functools.lru_cache(maxsize=None)(lambda commit: repository.infos([commit])[commit])
