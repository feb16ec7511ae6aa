"""`bisector inputs`: what a build and a test read, proposed as the inputs of a hunt file."""

from __future__ import annotations

import functools
from pathlib import Path

from bisector import hunt_file
from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready
from bisector.cli.screen import Screen
from bisector.errors import UsageError
from bisector.hunt.good_commit import session_on
from bisector.phases.inputs.proposal import Proposal
from bisector.phases.inputs.result import changes_of, inputs_result
from bisector.phases.inputs.run import find_inputs
from bisector.phases.inputs.writing import write_lists

_TRACED = ("build", "test", "overlay", "environment")
"""Parts of a hunt file that decide what is read."""


def trace_inputs(
    chosen: Chosen, commit: str | None, *, write: bool, as_json: bool, md: Path | None, verbosity: int
) -> int:
    """Trace a commit, show what it read, write it down where asked; the exit code."""
    file = _to_write(chosen) if write else None
    ground = ready(chosen.ground())
    console = console_for(as_json=as_json, md=md)
    describe = functools.cache(lambda commit: ground.repository.infos([commit])[commit])
    with Screen(console, describe, verbosity) as screen:
        found = find_inputs(session_on(ground, screen), commit, screen)
    written = _written(file, found.proposal) if file else None
    has_file = chosen.config is not None
    result = inputs_result(found, verbose=verbosity > 1, has_file=has_file, written=written)
    return publish(result, console, as_json=as_json, md=md)


def _to_write(chosen: Chosen) -> Path:
    """The hunt file to write into; UsageError where what is traced is not what it says."""
    if chosen.config is None:
        raise UsageError("--write needs a hunt file to write into; name one with --config")
    foreign = sorted(key for key in chosen.values if key.split(".")[0] in _TRACED)
    if foreign:
        raise UsageError(
            f"--write would write what was traced with another {foreign[0]} than the hunt file has; "
            "put that into the file first"
        )
    return hunt_file.find(chosen.config, Path.cwd())


def _written(file: Path, proposal: Proposal) -> str:
    near = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return f"Written into {near}." if write_lists(file, changes_of(proposal)) else f"{near} says so already."
