"""`bisector diagnose`: prints evidence as it is gathered, then the verdicts on the hypotheses."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from bisector.cli.options import Chosen
from bisector.cli.publish import console_for, publish
from bisector.cli.ready import ready
from bisector.cli.screen import Screen
from bisector.hunt.journal import ResultRow
from bisector.phases.diagnosis.run import diagnose
from bisector.phases.plan_file import entry_of
from bisector.phases.result import keep
from bisector.report.progress_log import write_entry


def diagnose_commit(
    chosen: Chosen,
    commit: str | None,
    *,
    against: str | None,
    evidence: Sequence[str],
    again: bool,
    as_json: bool,
    md: Path | None,
    verbosity: int,
) -> int:
    """Diagnose a commit; returns the exit code."""
    ground = ready(chosen.ground())
    console = console_for(as_json=as_json, md=md)
    describe = functools.cache(lambda commit: ground.repository.infos([commit])[commit])
    with Screen(console, describe, verbosity) as screen:
        result = diagnose(ground, commit, screen, against=against, evidence=evidence, again=again)
    keep(result, ground.scratch)
    log = ground.hunt.progress_log
    if log is not None:
        row = ResultRow(result.phase, result.key, datetime.now(UTC), result.document)
        write_entry(log, ground.hunt.heading, entry_of(row))
    code = publish(result, console, as_json=as_json, md=md)
    if log is not None:
        near = log.relative_to(Path.cwd()) if log.is_relative_to(Path.cwd()) else log
        console.print(Text(f"progress log: {near}"), soft_wrap=True)
    return code
