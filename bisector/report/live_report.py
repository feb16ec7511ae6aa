"""The page of a running hunt: rendered once for each reading; only its live part is filled in again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from bisector.hunt.record import HuntRecord
from bisector.hunt.secrets import without
from bisector.report.belief_picture import belief_picture
from bisector.report.findings import duration
from bisector.report.html import WIDTHS, content
from bisector.report.live import REFRESH, Live, Running
from bisector.report.log_tail import log_tail
from bisector.report.rendering import lines, template


def first_page(name: str) -> str:
    """The page of the hunt `name` before anything is known; it loads itself again."""
    return template("begins.html.j2").render(name=name, refresh=REFRESH)


class LiveReport:
    """The page of the unfinished hunt `record`, to be saved in `folder`; it loads itself again.

    Rendering the whole page takes a tenth of a second and more, filling in the live part a few milliseconds.
    """

    def __init__(self, record: HuntRecord, folder: Path) -> None:
        self._secrets = record.secrets
        self._subjects = {info.short: info.subject for info in record.commits.values()}
        gap = secrets.token_hex(16)  # No text of the history can contain it.
        page = template().render(
            {
                **content(record, folder),
                "headline": "The hunt is running",
                "reason": "This page shows what is known so far.",
                "live": Markup(gap),
                "refresh": REFRESH,
                "beliefs": {name: belief_picture(record, width) for name, width in WIDTHS.items()},
            }
        )
        self._before, self._after = page.split(gap)

    def page(self, live: Live) -> str:
        """The whole page with this live part."""
        part = template("live.html.j2").render(
            at=live.at.astimezone(),
            outlook=live.outlook,
            steps=[self._step(step, live.at) for step in live.running],
            refresh=REFRESH,
        )
        return f"{self._before}{part}{self._after}"

    def _step(self, step: Running, now: datetime) -> Mapping[str, object]:
        short = step.commit[:12]
        return {
            "words": step.step,
            "short": short,
            "subject": self._subjects.get(short, ""),
            "detail": step.detail,
            "seconds": duration(max((now - step.since).total_seconds(), 0.0)),
            "tail": lines(without(self._secrets, "\n".join(log_tail(step.log)))) if step.log else "",
        }
