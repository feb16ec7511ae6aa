"""`bisector run` and `check`: show the hunt, then write the conclusion to progress log and reports."""

from __future__ import annotations

import contextlib
import functools
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli import conclusion, first_try
from bisector.cli.again import change_of, command_of, completed
from bisector.cli.as_by_hand import told
from bisector.cli.closer_look import looked_closer
from bisector.cli.direction import ends_in_order, said_to_be_swapped
from bisector.cli.event_stream import EventStream
from bisector.cli.live import NOTHING, LivePages, Wanted
from bisector.cli.objects import print_object
from bisector.cli.on_end import run_on_end
from bisector.cli.options import Chosen
from bisector.cli.ready import ready
from bisector.cli.screen import Screen
from bisector.errors import BisectorError, EnvironmentFault, UsageError
from bisector.history.commit import CommitInfo
from bisector.history.repository import Repository
from bisector.hunt import remembered
from bisector.hunt.conclusion import FirstBad
from bisector.hunt.events import Event, Listener
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.hunt.scratch import make_private
from bisector.hunt.session import Session
from bisector.report.progress_log import entry_for, write_entry
from bisector.report.safe_text import visible
from bisector.report.summary import summary
from bisector.report.versioned import versioned

_READY_AFTER = 1.0
"""Seconds after which a hunt most likely waits for its first build."""

Way = Callable[[Session, Listener], HuntRecord]


def run_hunt(
    chosen: Chosen,
    *,
    as_json: bool,
    verbosity: int,
    restart: bool,
    here: bool = False,
    wanted: Wanted = NOTHING,
    then: Callable[[HuntRecord], None] | None = None,
    stream: EventStream | None = None,
) -> int:
    """Run a hunt to its conclusion, or those of all its targets; returns the exit code.

    `here` also runs what failed in the user's own checkout. `then` is called with the record of a hunt
    without targets, after it is shown. A `stream` goes to stdout, as `as_json` does.
    """
    as_json = as_json or stream is not None
    console = Console(stderr=as_json, highlight=False)
    ground = ready(chosen.ground())
    if ground.hunt.axes:
        from bisector.cli.axes import run_axes

        wanted.require_one_target()
        if stream:
            raise UsageError("--events: a hunt among axes has no stream of events; use --json")
        return run_axes(ground, console, as_json=as_json, verbosity=verbosity, restart=restart)
    if stream:
        stream.follow(ground)
    if ground.hunt.targets:
        from bisector.cli.targets import run_targets

        wanted.require_one_target()
        return run_targets(ground, console, stream, as_json=as_json, verbosity=verbosity, restart=restart)
    with LivePages(console, wanted) as pages:
        session, record = _on_screen(
            chosen,
            ground,
            console,
            verbosity,
            lambda session, heard: _hunted(session, heard, restart=restart),
            pages,
            here=here,
            then=functools.partial(_descended, restart=restart, since=time.monotonic()),
            stream=stream,
        )
        record = looked_closer(console, session.ground, record, chosen, here=here, verbosity=verbosity)
        written = _write(session, record)
        if stream:
            stream.result(versioned("run", summary(record, written.report)))
        else:
            _show(console, chosen, record, written, as_json=as_json, details=verbosity > 1)
        pages.concluded(record)
        run_on_end(session, record, written.report, console)
        written.require_all()
        if then:
            then(record)
    if as_json or (mended := first_try.offer(console, record, chosen)) is None:
        return _exit_code(record)
    return run_hunt(
        mended, as_json=False, verbosity=verbosity, restart=False, here=here, wanted=wanted, then=then
    )


def _hunted(session: Session, listener: Listener, *, restart: bool) -> HuntRecord:
    if session.ground.hunt.find != "all":
        return session.run(listener, restart=restart)
    from bisector.hunt.every_step import run_every_step

    return run_every_step(session, listener, restart=restart)


def _descended(
    session: Session, listener: Listener, record: HuntRecord, *, restart: bool, since: float
) -> HuntRecord:
    found = record.conclusion
    hunt = session.ground.hunt
    if not isinstance(found, FirstBad) or not (hunt.descend.follow or hunt.narrow):
        return record
    from bisector.hunt.descend.run import descend

    return descend(session, record, found, listener, restart=restart, since=since)


def check_premise(chosen: Chosen, *, as_json: bool, verbosity: int, restart: bool, here: bool = False) -> int:
    """Test the endpoints; returns the exit code, 0 if there is a regression to hunt.

    For `here` see `run_hunt`.
    """
    console = Console(stderr=as_json, highlight=False)
    session, record = _on_screen(
        chosen,
        ready(chosen.ground()),
        console,
        verbosity,
        lambda session, heard: session.check(heard, restart=restart),
        LivePages(console, NOTHING),
        here=here,
    )
    record = looked_closer(console, session.ground, record, chosen, here=here, verbosity=verbosity)
    if record.conclusion is not None:
        written = _write(session, record)
        _show(console, chosen, record, written, as_json=as_json, details=verbosity > 1)
        written.require_all()
        return _exit_code(record)
    if as_json:
        print_object("check", {**summary(record), "premise": "established"})
    else:
        conclusion.show_premise(console, record)
    return 0


def _on_screen(
    chosen: Chosen,
    ground: Ground,
    console: Console,
    verbosity: int,
    way: Way,
    pages: LivePages,
    *,
    here: bool,
    then: Callable[[Session, Listener, HuntRecord], HuntRecord] | None = None,
    stream: EventStream | None = None,
) -> tuple[Session, HuntRecord]:
    """Show a hunt that is run in some `way`, and `then` what leads on from it, which has no page."""
    if here:
        from bisector.phases.first_try.here import require_checkout

        require_checkout(ground)
    if verbosity:
        for line in told(chosen, ground):
            console.print(Text(visible(line), style="cyan"), soft_wrap=True)
        if ground.is_swapped:
            console.print(
                Text(visible(said_to_be_swapped(chosen, ground.hunt)), style="cyan"), soft_wrap=True
            )
    describe = describing(ground.repository)
    if verbosity:
        where = visible(shlex.quote(str(ground.repository.path)))
        title = Text.assemble(("bisector", "bold"), f"  hunt {ground.hunt.hunt} in {where}")
        console.print(title, soft_wrap=True)
    with Screen(console, describe, verbosity) as screen:
        heard = both(screen, stream) if stream else screen
        with ends_in_order(chosen, ground.hunt):
            session = session_on(ground, heard)
        if verbosity:
            _introduce(console, session, describe)
        getting_ready = threading.Timer(_READY_AFTER, _get_report_ready)
        getting_ready.daemon = True
        getting_ready.start()
        reproduce = command_of(chosen, session)
        with pages.following(session, report_path(session), reproduce) as page:
            record = way(session, both(heard, page))
        record = then(session, heard, record) if then else record
        getting_ready.cancel()
    return session, completed(record, chosen, session)


def both(one: Listener, other: Listener) -> Listener:
    """A listener that passes events to two."""

    def hear(event: Event) -> None:
        one(event)
        other(event)

    return hear


@dataclass(frozen=True, slots=True)
class _Written:
    """The report and the progress log that were written (None: not), and what prevented the others."""

    report: Path | None
    log: Path | None
    errors: Sequence[BisectorError]

    def require_all(self) -> None:
        """Raise `EnvironmentFault` if something could not be written."""
        if self.errors:
            raise EnvironmentFault(
                f"the hunt is over, but {'; '.join(map(str, self.errors))}; "
                "run the same command to write what is missing"
            )


def _write(session: Session, record: HuntRecord) -> _Written:
    """Write the conclusion to report and progress log."""
    report, log = report_path(session), session.ground.hunt.progress_log
    errors: list[BisectorError] = []
    with collected(errors):
        _write_report(session, record, report)
    written, before = None if errors else report, len(errors)
    with collected(errors):
        if log is not None:
            write_entry(log, session.ground.hunt.heading, entry_for(record, written, date.today()))
    return _Written(written, log if len(errors) == before else None, errors)


def _show(
    console: Console, chosen: Chosen, record: HuntRecord, written: _Written, *, as_json: bool, details: bool
) -> None:
    """Print the conclusion, even if it could not be written."""
    if record.remembered:
        at = remembered.clock_time(record.remembered)
        console.print(Text(f"remembered from {at}, and confirmed again; {remembered.ANEW}", style="cyan"))
    if as_json:
        print_object("run", summary(record, written.report))
        return
    conclusion.show(console, record, written.report, written.log, details=details)
    first_try.show(console, record, chosen)
    conclusion.show_next(console, record)


def _exit_code(record: HuntRecord) -> int:
    return int(record.conclusion.exit_code) if record.conclusion else 0


@contextlib.contextmanager
def collected(errors: list[BisectorError]) -> Iterator[None]:
    """Collect errors of files that could not be written."""
    try:
        yield
    except BisectorError as error:
        errors.append(error)
    except OSError as error:
        errors.append(EnvironmentFault(f"cannot write {error.filename}: {error.strerror}"))


def _get_report_ready() -> None:
    """Import and compile what the report needs while a hunt runs."""
    from bisector.report import html

    html.get_ready()


def report_path(session: Session) -> Path:
    """The file of the hunt's HTML report."""
    return session.ground.scratch.reports / f"{session.ground.hunt.hunt}-{session.key[:8]}.html"


def _write_report(session: Session, record: HuntRecord, path: Path) -> None:
    make_private(path.parent)
    from bisector.report.html import write_html_report  # Already imported by `_get_report_ready`.

    write_html_report(record, path, change_of(session.ground.repository, record))


def _introduce(console: Console, session: Session, describe: Callable[[str], CommitInfo]) -> None:
    terms = session.plan.terms
    width = max(len(terms.old), len(terms.new))
    for name, commit in ((terms.old, session.plan.good[0]), (terms.new, session.plan.bad)):
        info = describe(commit)
        console.print(
            Text.assemble(f"{name:<{width}}  {info.short}  ", (visible(info.subject), "dim")), soft_wrap=True
        )


def describing(repository: Repository) -> Callable[[str], CommitInfo]:
    """A function that returns the details of a commit, and remembers them."""
    return functools.lru_cache(maxsize=None)(lambda commit: repository.infos([commit])[commit])
