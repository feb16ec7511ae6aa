"""`bisector verify`: compares a fix with the good commit, hunt by hunt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bisector.cli.publish import console_for, publish
from bisector.cli.quantify import earliest, keep_in_each, screen_for
from bisector.cli.ready import ready_to_compare
from bisector.errors import HistoryError
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground
from bisector.phases.verify import verify_guest
from bisector.phases.verify_report import verification


def verify_fix(
    grounds: Sequence[Ground],
    fix: str,
    within: float,
    *,
    again: bool,
    as_json: bool,
    md: Path | None,
    verbosity: int,
) -> int:
    """Measure the fix in every hunt; returns the exit code, 0 if all requirements are met."""
    console = console_for(as_json=as_json, md=md)
    repository = grounds[0].repository
    if any(ground.repository.git_folder != repository.git_folder for ground in grounds):
        raise HistoryError("--fix names one commit, but these hunts use several repositories; verify each")
    commit = repository.infos([repository.resolve(fix)])[repository.resolve(fix)]
    verified, keys = [], []
    for ground in [ready_to_compare(ground, "verify") for ground in grounds]:
        with screen_for(ground, console, verbosity) as screen:
            session = session_on(ground, screen)
            verified.append(verify_guest(session, commit.id, within, screen, earliest(again=again)))
            keys.append(session.key)
    result = verification(verified, commit, within, keys)
    keep_in_each(result, grounds)
    return publish(result, console, as_json=as_json, md=md)
