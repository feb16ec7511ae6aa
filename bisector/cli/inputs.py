"""`bisector inputs`: proposes the files that build and test read as inputs for the hunt file."""

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
"""Sections of a hunt file that affect which files are read."""


def trace_inputs(
    chosen: Chosen, commit: str | None, *, write: bool, as_json: bool, md: Path | None, verbosity: int
) -> int:
    """Trace a commit, print the proposal, and write it if requested; returns the exit code."""
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
    """The hunt file to write to; raises UsageError if options override what is traced."""
    if chosen.config is None:
        raise UsageError("--write needs a hunt file; name one with --config")
    foreign = sorted(key for key in chosen.values if key.split(".")[0] in _TRACED)
    if foreign:
        raise UsageError(
            f"--write cannot be combined with an option for {foreign[0]}; put that into the hunt file first"
        )
    return hunt_file.find(chosen.config, Path.cwd())


def _written(file: Path, proposal: Proposal) -> str:
    near = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    if write_lists(file, changes_of(proposal)):
        return f"Wrote the lists to {near}."
    return f"{near} already has these lists."
