"""The part of the page that changes while a hunt runs: what runs now, its output, and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bisector.hunt.events import Outlook
from bisector.report.findings import counted, duration

REFRESH = 5
"""Seconds after which a browser loads the page of a running hunt again."""

_LOG = re.compile(r"(?P<commit>[0-9a-f]{12})-(?P<name>[a-z0-9-]+)\.log")
_STEPS = (("build", "building"), ("warm-up", "warming up"), ("reference", "testing the reference"))
"""What a word in the name of a log says about its step."""


@dataclass(frozen=True, slots=True)
class Running:
    """A step under way: `commit` is an id of at least twelve digits, `log` the file that it writes to."""

    commit: str
    step: str
    since: datetime
    detail: str = ""
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A hunt that runs: its steps under way, and the outlook of the search if it has begun."""

    at: datetime
    running: tuple[Running, ...] = ()
    outlook: str = ""


def outlook_text(outlook: Outlook | None) -> str:
    """How far the search is from its end, in words; empty if that is not known."""
    if outlook is None or outlook.probes_left is None or outlook.seconds_left is None:
        return ""
    left, probes = outlook.candidates_left, outlook.probes_left
    more = f"about {probes:.0f} more probes" if probes >= 0.5 else "confirmation next"
    return f"{counted(left, 'candidate')} left, {more}, {duration(outlook.seconds_left)}."


def log_of(logs: Path, commit: str, since: datetime) -> Path | None:
    """The log that a step of `commit`, under way since then, writes to; None if it has none yet."""
    newest = max(_written(logs, since, commit[:12]), default=None)
    return newest[1] if newest else None


def seen_in(logs: Path, since: datetime) -> list[Running]:
    """The step that writes to the newest log, if it was written after `since`; at most one.

    For a hunt in another process, which tells its steps nobody.
    """
    newest = max(_written(logs, since), default=None)
    if newest is None:
        return []
    at, log = newest
    parts = _LOG.fullmatch(log.name)
    assert parts is not None
    step = next((words for word, words in _STEPS if word in parts["name"]), "testing")
    return [Running(parts["commit"], step, datetime.fromtimestamp(at, UTC), log=log)]


def _written(logs: Path, since: datetime, commit: str = "") -> Iterator[tuple[float, Path]]:
    """The logs of `commit` (all if empty) that were written since then, each with that time."""
    try:
        found: Sequence[Path] = [*logs.iterdir()]
    except OSError:
        return
    for log in found:
        parts = _LOG.fullmatch(log.name)
        if parts and parts["commit"].startswith(commit):
            try:
                at = log.stat().st_mtime
            except OSError:
                continue
            if at >= since.timestamp():
                yield at, log
