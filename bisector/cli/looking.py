"""Commands that do not run a hunt: log, report, clean."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector import hunt_file
from bisector.cli.again import change_of, completed
from bisector.cli.options import Chosen
from bisector.cli.status import chosen_scratch, journal_in, name_in, names_only_a_place
from bisector.cli.usual_file import tell
from bisector.errors import HistoryError, UsageError
from bisector.hunt.events import Event, ProbeBegan
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.record import HuntRecord
from bisector.hunt.scratch import Scratch
from bisector.hunt.session import Session
from bisector.hunt.targets.record import TargetsRecord
from bisector.hunt.targets.session import TargetsSession
from bisector.report.atomic_write import atomic_write
from bisector.report.bisect_log import git_bisect_log
from bisector.report.culprit_comments import comments_of, comments_of_targets, write_comments
from bisector.report.html import write_html_report
from bisector.report.markdown import chat_report, issue_report
from bisector.report.safe_text import visible
from bisector.report.targets_html import write_targets_html
from bisector.report.targets_markdown import targets_chat, targets_report

_EARLIER = re.compile(r"(?P<name>.+)~(?P<back>\d{1,4})")


def show_log(chosen: Chosen) -> None:
    """Print a hunt in the format of `git bisect log`."""
    _, record = looked_at(chosen)
    sys.stdout.write(git_bisect_log(record))


@dataclass(frozen=True, slots=True)
class Files:
    """Where reports go; None: that report is not written."""

    html: Path | None = None
    md: Path | None = None
    each: Path | None = None
    """A folder with a comment on each first bad commit."""

    @property
    def any(self) -> bool:
        """Whether some report is written to a file."""
        return any((self.html, self.md, self.each))


def write_reports(chosen: Chosen, files: Files, *, chat: bool) -> None:
    """Write the reports of a hunt, or of one with several targets, to files or to stdout."""
    if (several := _of_targets(chosen)) is not None:
        _write_targets(several, files, chat=chat)
        return
    session, record = looked_at(chosen)
    if files.html is not None:
        write_html_report(record, files.html, change_of(session.ground.repository, record))
    if files.md is not None:
        atomic_write(files.md, issue_report(record).encode())
    if files.each is not None:
        write_comments(comments_of(record), files.each)
    if chat:
        sys.stdout.write(chat_report(record, files.html or files.md) + "\n")
    elif not files.any:
        sys.stdout.write(issue_report(record))


def _of_targets(chosen: Chosen) -> TargetsRecord | None:
    """The hunt of several targets that the user named; None if that is a hunt of one."""
    if names_only_a_place(chosen) and (not chosen.found or name_in(chosen)):
        return None
    ground = chosen.ground()
    if not ground.hunt.targets:
        return None
    return TargetsSession(ground, only_looking).record(journal_in(ground.scratch))


def _write_targets(record: TargetsRecord, files: Files, *, chat: bool) -> None:
    if files.html is not None:
        write_targets_html(record, files.html)
    if files.md is not None:
        atomic_write(files.md, targets_report(record).encode())
    if files.each is not None:
        write_comments(comments_of_targets(record), files.each)
    if chat:
        sys.stdout.write(targets_chat(record, files.html or files.md) + "\n")
    elif not files.any:
        sys.stdout.write(targets_report(record))


def clean_scratch(chosen: Chosen, *, everything: bool) -> None:
    """Remove artefacts, logs and leftovers; with `everything` also reports and the journal."""
    from bisector.hunt.cleaning import clean

    if names_only_a_place(chosen) and name_in(chosen):
        raise UsageError("clean removes what all hunts of a scratch folder have made; leave out --name")
    scratch = chosen_scratch(chosen)
    running = clean(scratch, everything=everything)
    text = f"cleaned {visible(str(scratch.root))}"
    if running:
        stays = "built artefacts, reports and journal stay" if everything else "built artefacts stay"
        text += f"; {visible(', '.join(running))} at work there, so {stays}"
    Console(highlight=False).print(Text(text), soft_wrap=True)


def looked_at(chosen: Chosen, name: str | None = None) -> tuple[Session, HuntRecord]:
    """The chosen hunt, from the journal.

    By default that is the newest hunt called `name`, or as --name says; NAME~1 is the one before. Without a
    name it is that of `hunt.yaml` if it has begun, else the newest one.
    """
    scratch = chosen_scratch(chosen)
    journal = journal_in(scratch)
    if name is not None and (not names_only_a_place(chosen) or name_in(chosen)):
        raise UsageError(f"{name!r} and the options both name a hunt; leave one of them out")
    name = name or name_in(chosen)
    session = _named(chosen, journal) if name is None else None
    if session is None:
        row, chosen = _newest(journal, scratch, name), Chosen(None, {})
        session = session_on(ground_of(row), only_looking, row)
    return session, completed(session.record(journal), chosen, session)


def row_called(rows: Sequence[HuntRow], word: str) -> HuntRow | None:
    """The newest hunt with this name, or for NAME~N the one N before it; None if none has that name.

    Raises `HistoryError` if there are not so many.
    """
    earlier = _EARLIER.fullmatch(word)
    name, back = (earlier["name"], int(earlier["back"])) if earlier else (word, 0)
    called = [row for row in rows if row.name == name]
    return nth(called, back, word) if called else None


def nth(rows: Sequence[HuntRow], back: int, word: str) -> HuntRow:
    """The row `back` places before the newest; raises `HistoryError` if there is none."""
    if back >= len(rows):
        raise HistoryError(f"there is no hunt '{word}': the journal has {len(rows)} of that name")
    return rows[back]


def _named(chosen: Chosen, journal: Journal) -> Session | None:
    """The session of the hunt that the user named, or of a `hunt.yaml` whose hunt has begun; else None."""
    if names_only_a_place(chosen) and not chosen.found:
        return None
    session = session_on(chosen.ground(), only_looking)
    if names_only_a_place(chosen) and session.found(journal) is None:
        tell("its hunt has not begun; this is the newest hunt")
        return None
    return session


def _newest(journal: Journal, scratch: Scratch, name: str | None) -> HuntRow:
    rows = [row for row in journal.hunts() if not row.within]
    row = row_called(rows, name) if name is not None else next(iter(rows), None)
    if row is None and name is not None:
        raise HistoryError(f"there is no hunt {name!r} in {scratch.root}; `bisector status` lists them")
    if row is None:
        raise HistoryError(f"there is no hunt in {scratch.root}; start one with `bisector run`")
    return row


def ground_of(row: HuntRow) -> Ground:
    """The ground of a hunt as its journal describes it."""
    return Ground(hunt_file.build(row.document, Path.cwd(), None), None, os.environ)


def only_looking(event: Event) -> None:
    """Refuse to probe: a command that only shows a hunt must not run it."""
    if isinstance(event, ProbeBegan):
        raise HistoryError("the good commit of this hunt is not known yet; continue with `bisector run`")
