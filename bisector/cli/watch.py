"""`bisector watch`: keeps a page of a hunt up to date that runs in another process."""

from __future__ import annotations

import time
from functools import partial

from rich.console import Console
from rich.text import Text

from bisector.cli.again import change_of
from bisector.cli.live import LivePages, Wanted
from bisector.cli.looking import looked_at
from bisector.cli.options import Chosen
from bisector.hunt.scratch import make_private
from bisector.report import findings
from bisector.report.page_writer import PageWriter
from bisector.report.safe_text import visible

_PAUSE = 2.0
"""Seconds between two looks at the journal and the logs."""


def watch_hunt(chosen: Chosen, name: str | None, wanted: Wanted) -> int:
    """Write the page until the hunt ends or the user interrupts; returns 0.

    The page has a name of its own: the hunt's process writes its report, which must stay the last.
    """
    console = Console(highlight=False)
    session, record = looked_at(chosen, name)
    ground = session.ground
    file = ground.scratch.reports / f"{ground.hunt.hunt}-{session.key[:8]}.live.html"
    make_private(file.parent)
    writer = PageWriter(session, file, record.reproduce)
    last = partial(writer.write_last, partial(change_of, ground.repository))
    with LivePages(console, wanted) as pages:
        try:
            runs = writer.write()
            if runs:
                pages.announce(file, writer.logs)
            while runs:
                time.sleep(_PAUSE)
                runs = writer.write()
        except BaseException:
            last()
            raise
        record = last()
        pages.concluded(record)
        end = "does not run; `bisector run` continues it"
        if record.conclusion is not None:
            end = f"is over: {findings.headline(record)}"
        console.print(Text(visible(f"hunt {record.name} {end}; page: {file}")), soft_wrap=True)
    return 0
