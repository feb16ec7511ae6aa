"""`bisector quantify`: measures every guest at both endpoints, and answers the plan's question."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready_to_compare
from bisector.cli.screen import Screen
from bisector.history.commit import CommitInfo
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground
from bisector.phases.quantify import measure, quantify
from bisector.phases.result import Result, keep

A_DAY = timedelta(days=1)


def quantify_guests(
    grounds: Sequence[Ground], *, again: bool, as_json: bool, md: Path | None, verbosity: int
) -> int:
    """Measure the guests one after the other; returns the exit code."""
    console = console_for(as_json=as_json, md=md)
    since = earliest(again=again)
    guests, keys = [], []
    for ground in [ready_to_compare(ground, "quantify") for ground in grounds]:
        with screen_for(ground, console, verbosity) as screen:
            session = session_on(ground, screen)
            guests.append(measure(session, screen, since))
            keys.append(session.key)
    result = quantify(guests, keys)
    keep_in_each(result, grounds)
    return publish(result, console, as_json=as_json, md=md)


def keep_in_each(result: Result, grounds: Sequence[Ground]) -> None:
    """Store a result in the journal of every scratch folder of these guests."""
    for scratch in {ground.scratch.root: ground.scratch for ground in grounds}.values():
        keep(result, scratch)


def earliest(*, again: bool) -> datetime:
    """The earliest time of reusable readings: a day ago, or now if measurements must be repeated."""
    now = datetime.now(UTC)
    return now if again else now - A_DAY


def screen_for(ground: Ground, console: Console, verbosity: int) -> Screen:
    """A screen that shows the progress of one guest's hunt, below its name."""
    if verbosity:
        console.print(Text(ground.hunt.hunt, style="bold magenta"))
    return Screen(console, functools.lru_cache(maxsize=None)(functools.partial(_info, ground)), verbosity)


def _info(ground: Ground, commit: str) -> CommitInfo:
    return ground.repository.infos([commit])[commit]
