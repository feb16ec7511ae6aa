"""`bisector fixup`: finds the commit that fixes failed builds, and adds it to the hunt file as a fix-up."""

from __future__ import annotations

import functools
from pathlib import Path

from bisector import hunt_file
from bisector.cli.again import near
from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready
from bisector.cli.screen import Screen
from bisector.errors import UsageError
from bisector.hunt.advice import extended
from bisector.hunt.failed_builds import FailedBuilds, fix_up
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import opened
from bisector.hunt.session import Session
from bisector.phases.fixup import find_fix_up
from bisector.phases.fixup_report import fixed_result, nothing_to_fix
from bisector.phases.hunt_file_text import data_of, read_text, write_value


def fix_builds(
    chosen: Chosen,
    number: int,
    *,
    write: bool,
    restart: bool,
    as_json: bool,
    md: Path | None,
    verbosity: int,
) -> int:
    """Fix the group of failed builds with this number; returns the exit code."""
    file = _to_write(chosen) if write else None
    ground = ready(chosen.ground())
    if ground.hunt.targets:
        raise UsageError("fixup is for a hunt of one test; leave out 'targets'")
    console = console_for(as_json=as_json, md=md)
    describe = functools.cache(lambda commit: ground.repository.infos([commit])[commit])
    with Screen(console, describe, verbosity) as screen:
        session = session_on(ground, screen)
        group = _group(session, number)
        fixed = find_fix_up(session, group, screen, restart=restart) if group else None
    if fixed is None:
        return publish(nothing_to_fix(session), console, as_json=as_json, md=md)
    written = _written(file, fixed.commit) if file and fixed.testable else ""
    return publish(fixed_result(session, fixed, written), console, as_json=as_json, md=md)


def _group(session: Session, number: int) -> FailedBuilds | None:
    """The group with this number, from 1 for the largest; None if there is none at all."""
    with opened(session.ground.scratch) as journal:
        groups = session.record(journal).failed_builds
    if groups and number > len(groups):
        count = f"there are {len(groups)} groups" if len(groups) > 1 else "there is one group"
        raise UsageError(f"--group {number}: {count} of commits that do not build")
    return groups[number - 1] if groups else None


def _to_write(chosen: Chosen) -> Path:
    """The hunt file to write to; raises UsageError if an option overrides its overlay."""
    if chosen.config is None:
        raise UsageError("--write needs a hunt file; name one with --config")
    if any(key.split(".")[0] == "overlay" for key in chosen.values):
        raise UsageError(
            "--write cannot be combined with an option for overlay; put that into the hunt file first"
        )
    return hunt_file.find(chosen.config, Path.cwd())


def _written(file: Path, commit: str) -> str:
    """Add the fix-up to the overlay in the hunt file, and say so."""
    before = data_of(read_text(file)).get("overlay")
    entries = [fix_up(commit)]
    write_value(file, "overlay", extended(before, entries))
    return f"Added to the overlay in {near(file)}; the next `bisector run` tests them."
