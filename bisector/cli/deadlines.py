"""`bisector deadlines`: recommends deadlines for test scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bisector.cli.publish import console_for, publish
from bisector.cli.quantify import earliest, keep_in_each, screen_for
from bisector.cli.ready import ready
from bisector.hunt.ground import Ground
from bisector.phases.deadlines import deadlines_result, look, patch_of
from bisector.report.atomic_write import atomic_write


def advise_on_deadlines(
    grounds: Sequence[Ground],
    *,
    commit: str | None,
    runs: int,
    factor: float,
    again: bool,
    write: bool,
    patch: Path | None,
    as_json: bool,
    md: Path | None,
    verbosity: int,
) -> int:
    """Check each hunt's scripts, and measure tests without recent readings; returns the exit code."""
    console = console_for(as_json=as_json, md=md)
    since = earliest(again=again)
    looked = []
    for ground in [ready(ground, logs=False) for ground in grounds]:
        with screen_for(ground, console, verbosity) as screen:
            looked.append(look(ground, commit, screen, since=since, runs=runs, factor=factor))
    diff = patch_of(looked) if write or patch else ""
    if patch:
        atomic_write(patch, diff.encode(errors="surrogateescape"))
    result = deadlines_result(looked, factor, diff)
    keep_in_each(result, grounds)
    return publish(result, console, as_json=as_json, md=md)
