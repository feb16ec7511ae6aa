"""Commands that look at hunts without running them: log, report, clean."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector import hunt_file
from bisector.cli.again import change_of, command_of
from bisector.cli.options import Chosen
from bisector.cli.status import chosen_scratch, journal_in
from bisector.errors import HistoryError
from bisector.hunt.events import Event, ProbeBegan
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground
from bisector.hunt.journal import Journal
from bisector.hunt.record import HuntRecord
from bisector.hunt.scratch import Scratch
from bisector.hunt.session import Session
from bisector.report.atomic_write import atomic_write
from bisector.report.bisect_log import git_bisect_log
from bisector.report.html import write_html_report
from bisector.report.markdown import chat_report, issue_report
from bisector.report.safe_text import visible


def show_log(chosen: Chosen) -> None:
    """A hunt in the format of git bisect log."""
    _, record = looked_at(chosen)
    sys.stdout.write(git_bisect_log(record))


def write_reports(chosen: Chosen, *, html: Path | None, md: Path | None, chat: bool) -> None:
    """The reports of a hunt, into files or onto the screen."""
    session, record = looked_at(chosen)
    if html is not None:
        write_html_report(record, html, change_of(session.ground.repository, record))
    if md is not None:
        atomic_write(md, issue_report(record).encode())
    if chat:
        sys.stdout.write(chat_report(record, html or md) + "\n")
    elif html is None and md is None:
        sys.stdout.write(issue_report(record))


def clean_scratch(chosen: Chosen, *, everything: bool) -> None:
    """Remove artefacts, logs and leftovers; with `everything` also reports and the journal."""
    from bisector.hunt.cleaning import clean

    scratch = chosen_scratch(chosen)
    running = clean(scratch, everything=everything)
    text = f"cleaned {visible(str(scratch.root))}"
    if running:
        stays = "built artefacts, reports and journal stay" if everything else "built artefacts stay"
        text += f", but not what is in use: {visible(', '.join(running))} at work there, so {stays}"
    Console(highlight=False).print(Text(text), soft_wrap=True)


def looked_at(chosen: Chosen) -> tuple[Session, HuntRecord]:
    """The chosen hunt (without one: the newest of this folder), as the journal knows it."""
    scratch = chosen_scratch(chosen)
    journal = journal_in(scratch)
    named_by_scratch = chosen.config is None and set(chosen.values) <= {"scratch"}
    ground = _newest(journal, scratch) if named_by_scratch else chosen.ground()
    session = session_on(ground, _only_looking)
    again = Chosen(None, {}) if named_by_scratch else chosen
    return session, replace(session.record(journal), reproduce=command_of(again, session))


def _newest(journal: Journal, scratch: Scratch) -> Ground:
    rows = journal.hunts()
    if not rows:
        raise HistoryError(f"no hunt has begun in {scratch.root}; start one with `bisector run`")
    return Ground(hunt_file.build(rows[0].document, Path.cwd(), None), None, os.environ)


def _only_looking(event: Event) -> None:
    """Refuse to probe: a command that looks at a hunt runs nothing of it."""
    if isinstance(event, ProbeBegan):
        raise HistoryError("the good commit of this hunt is not found yet; go on with `bisector run`")
