"""`bisector watchdog`: finds raised deadlines in a change and hunts for their causes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bisector.cli.publish import STDOUT, console_for, publish
from bisector.cli.quantify import screen_for
from bisector.cli.ready import ready
from bisector.errors import EnvironmentFault, ExitCode, UsageError
from bisector.history.repository import Repository
from bisector.hunt.ground import Ground
from bisector.phases.deadlines_raised import ends_of, findings_of, raised_result
from bisector.phases.result import Result
from bisector.report.atomic_write import atomic_write
from bisector.units import parse_duration
from bisector.watchdog.annotations import Finding, code_quality, sarif, workflow_commands
from bisector.watchdog.answer import Answer, answer
from bisector.watchdog.bumps import Change, Kind, changes_between
from bisector.watchdog.watchers import watching

_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Variable with the path of the job summary on GitHub, Gitea and Forgejo."""

_FORMATS = {
    "github": workflow_commands,
    "gitea": workflow_commands,
    "forgejo": workflow_commands,
    "gitlab": code_quality,
    "sarif": sarif,
}
FORMATS = ("text", "json", "markdown", *_FORMATS)


def watch_range(
    asked: str,
    repo: Path,
    grounds: Sequence[Ground],
    *,
    run: bool,
    budget: str | None,
    strict: bool,
    form: str,
    md: Path | None,
    verbosity: int,
) -> int:
    """Report the deadlines that a range changes, and hunt for the causes; returns the exit code."""
    if form not in FORMATS:
        raise UsageError(f"--format {form}: choose one of {', '.join(FORMATS)}")
    if run and not grounds:
        raise UsageError("--run needs the hunts that watch these files; name them with --config")
    seconds = _seconds(budget)
    console = Console(stderr=True, highlight=False) if form != "text" else console_for(as_json=False, md=md)
    repository = Repository(repo)
    ends = ends_of(repository, asked)
    changes = changes_between(repository, *ends)
    if run:
        grounds = [ready(ground, logs=False) for ground in grounds]
    watchers = watching(grounds, list(dict.fromkeys(change.shown.file for change in changes)), ends[1])
    raised = [change for change in changes if change.kind is Kind.RAISED]
    answers = _answers(raised, watchers, ends, console, seconds, verbosity) if run else []
    result = raised_result(ends, changes, watchers, answers, strict=strict)
    return _show(result, findings_of(changes, watchers, answers), console, form, md)


def _answers(
    raised: Sequence[Change],
    watchers: dict[str, list[Ground]],
    ends: tuple[str, str],
    console: Console,
    seconds: float | None,
    verbosity: int,
) -> list[Answer]:
    """Run one hunt after the other, within the time for all of them."""
    end = None if seconds is None else time.monotonic() + seconds
    grounds = {ground.hunt.hunt: ground for c in raised for ground in watchers[c.shown.file]}
    answers = []
    for name, ground in grounds.items():
        own = [change for change in raised if ground in watchers[change.shown.file]]
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            why = "not decided: the budget was spent before its hunt started; run again to continue"
            answers.append(Answer(name, (why,), ExitCode.INCONCLUSIVE))
            continue
        with screen_for(ground, console, verbosity) as screen:
            answers.append(answer(ground, own, *ends, screen, left))
    return answers


def _show(result: Result, findings: Sequence[Finding], console: Console, form: str, md: Path | None) -> int:
    written = _FORMATS.get(form)
    if written is None:
        code = publish(result, console, as_json=form == "json", md=STDOUT if form == "markdown" else md)
    else:
        sys.stdout.write(written(list(findings)))
        code = result.exit_code
    if md not in (None, STDOUT) and form not in ("text", "json"):
        atomic_write(md, f"{result.markdown}\n".encode())
    if written is workflow_commands and (summary := os.environ.get(_SUMMARY)):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(f"{result.markdown}\n")
        except OSError as error:
            raise EnvironmentFault(
                f"cannot write the job summary {summary} ({error.strerror}); unset {_SUMMARY}"
            ) from error
    return code


def _seconds(budget: str | None) -> float | None:
    if budget is None:
        return None
    try:
        return parse_duration(budget)
    except ValueError as error:
        raise UsageError(f"--budget: {error}") from error
