"""What `bisector run` and `watch` show of a running hunt outside the terminal: a page, a notification."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from bisector.errors import UsageError
from bisector.hunt.events import Event, Listener
from bisector.hunt.session import Session
from bisector.report import findings
from bisector.report.live import REFRESH
from bisector.report.safe_text import visible

if TYPE_CHECKING:
    from bisector.hunt.record import HuntRecord
    from bisector.report.page_server import PageServer

_PATIENCE = 5.0
"""Seconds that the desktop has to show a notification."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants besides the terminal; `port` 0 is a free one, None no server."""

    page: bool = False
    port: int | None = None
    notify: bool = False

    @classmethod
    def of(cls, *, page: bool, serve: bool, port: int | None, notify: bool) -> Wanted:
        """The user's options; raises UsageError for a port without a server."""
        if port is not None and not serve:
            raise UsageError("--port needs --serve; add it")
        return cls(page, (port or 0) if serve else None, notify or page or serve)

    def require_one_target(self) -> None:
        """Raise UsageError if a page or a notification is wanted, which are of the hunt of one target."""
        if self != NOTHING:
            raise UsageError("--page, --serve and --notify follow a hunt of one target; leave them out")

    @property
    def is_live(self) -> bool:
        """Whether a page is written while the hunt runs."""
        return self.page or self.port is not None


NOTHING = Wanted()


class LivePages:
    """The page of one hunt while a command runs; a context manager around the command.

    On exit, a browser that still shows the page of a running hunt may fetch the last version first.
    """

    def __init__(self, console: Console, wanted: Wanted) -> None:
        self._console = console
        self._wanted = wanted
        self._server: PageServer | None = None
        self._last_written: float | None = None
        self._stack = ExitStack()

    def __enter__(self) -> LivePages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, written = self._server, self._last_written
        if server and kind is None and written is not None and server.last_look > written - 2 * REFRESH:
            server.wait_for_a_look(written, REFRESH + 1)
        self._stack.close()

    def announce(self, page: Path, logs: Path) -> None:
        """Serve the page, which is there already, if wanted, and print where it is, in one line."""
        if self._wanted.port is None:
            where = page.as_uri()
        else:
            from bisector.report.page_server import serving

            self._server = self._stack.enter_context(serving(page, logs, self._wanted.port))
            where = self._server.url
        self._console.print(Text(f"page: {visible(where)}"), soft_wrap=True)

    @contextlib.contextmanager
    def following(self, session: Session, page: Path, reproduce: str) -> Iterator[Listener]:
        """A listener that keeps the page up to date as long as the hunt runs; none is written unless wanted.

        If the hunt is interrupted or fails, the page shows what is known, and no longer loads itself again.
        """
        if not self._wanted.is_live:
            yield _ignore
            return
        from bisector.report.page_writer import LivePage

        live = LivePage(session, page, reproduce)
        live.write_first()
        self.announce(page, session.ground.scratch.logs(session.key))
        try:
            yield live
        except BaseException:
            live.stop()
            live.write_last()
            raise
        live.stop()

    def concluded(self, record: HuntRecord) -> None:
        """The last version of the page is there: tell the desktop."""
        self._last_written = time.monotonic()
        if self._wanted.notify and record.conclusion is not None and record.remembered is None:
            notify(f"hunt {record.name}", findings.headline(record))


def _ignore(_event: Event) -> None:
    pass


def notify(title: str, text: str) -> None:
    """Show a desktop notification if there is a desktop; a failure is nobody's concern."""
    program = shutil.which("notify-send")
    if program and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        words = [program, "--app-name=bisector", "--", visible(title), visible(text)]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(words, capture_output=True, timeout=_PATIENCE, check=False)
