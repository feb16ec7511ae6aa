"""`bisector check --signals`: proposes the predicate that finds the step soonest."""

from __future__ import annotations

import functools
from pathlib import Path

from bisector import hunt_file
from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready_to_compare
from bisector.cli.screen import Screen
from bisector.errors import UsageError
from bisector.hunt.good_commit import session_on
from bisector.phases.hunt_file_text import write_value
from bisector.phases.signals.result import signals_result
from bisector.phases.signals.run import Signals, find_signals


def compare_signals(chosen: Chosen, *, write: bool, as_json: bool, verbosity: int) -> int:
    """Measure both endpoints, print the signals, and write the best if requested; returns the exit code."""
    file = _to_write(chosen) if write else None
    ground = ready_to_compare(chosen.ground(), "check --signals")
    console = console_for(as_json=as_json, md=None)
    describe = functools.cache(lambda commit: ground.repository.infos([commit])[commit])
    with Screen(console, describe, verbosity) as screen:
        found = find_signals(session_on(ground, screen), screen)
    written = _written(file, found) if file else None
    result = signals_result(found, has_file=chosen.config is not None, written=written)
    return publish(result, console, as_json=as_json, md=None)


def _to_write(chosen: Chosen) -> Path:
    """The hunt file to write to; raises UsageError if there is none, or an option replaces its predicate."""
    if chosen.config is None:
        raise UsageError("--write needs a hunt file; name one with --config")
    foreign = sorted(key for key in chosen.values if key.split(".")[0] in ("predicate", "test", "build"))
    if foreign:
        raise UsageError(
            f"--write cannot be combined with an option for {foreign[0]}; put that into the hunt file first"
        )
    return hunt_file.find(chosen.config, Path.cwd())


def _written(file: Path, found: Signals) -> str | None:
    if found.best is None:
        return None
    near = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    if write_value(file, "predicate", found.best.proposal):
        return f"Wrote the predicate to {near}."
    return f"{near} already has this predicate."
