"""Whether a raised deadline hides a regression: if the test became slower, and since when."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bisector.errors import ExitCode
from bisector.hunt.conclusion import AnyOf, BadIsGood, FirstBad, NoRegression
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session
from bisector.hunt_file import Edit, build
from bisector.report import findings
from bisector.report.findings import counted, duration
from bisector.report.safe_text import visible
from bisector.watchdog.advice import Fit, fit, recommended
from bisector.watchdog.bumps import Change
from bisector.watchdog.deadline import Deadline, deadlines_in
from bisector.watchdog.quiet_wall import QuietWall, lifting, quiet_wall
from bisector.watchdog.scripts import text_at


@dataclass(frozen=True)
class Answer:
    """The outcome of a hunt for raised deadlines, in sentences; `exit_code` is 0 without a regression."""

    hunt: str
    sentences: tuple[str, ...]
    exit_code: int


def answer(
    ground: Ground,
    raised: Sequence[Change],
    base: str,
    head: str,
    listener: Listener,
    seconds: float | None = None,
) -> Answer:
    """Hunt between `base` and `head` for the commit that made the test slower, with these deadlines lifted.

    `raised` are changes in files that this hunt watches; `seconds` is its remaining time. It continues an
    earlier start.
    """
    deadlines = _deadlines(ground, raised, (base, head))
    own = _ground_between(ground, raised, deadlines, base, head, seconds)
    record = Session(own, [base]).run(listener)
    name = ground.hunt.hunt
    match record.conclusion:
        case NoRegression() | BadIsGood():
            since = datetime.now(UTC) - timedelta(days=1)
            wall = quiet_wall(own, head, deadlines, listener, since=since, runs=1)
            return Answer(name, tuple(not_needed(change, wall) for change in raised), 0)
        case FirstBad() | AnyOf():
            return Answer(name, (_found(record),), ExitCode.CHECK_FAILED)
        case _:
            why = f"not decided: {visible(findings.reason(record))}"
            return Answer(name, (why,), ExitCode.INCONCLUSIVE)


def not_needed(change: Change, wall: QuietWall) -> str:
    """The sentence for a raised deadline if the test did not become slower."""
    if wall.failed or change.before is None or change.after is None:
        return f"no regression, so {change} is not needed"
    enough = recommended(wall.wall)
    measured, short = duration(wall.wall), change.before.reading(enough)
    if fit(change.before.seconds, wall.wall, held=wall.held) is Fit.TOO_TIGHT:
        return f"no regression, but `{change.before.text}` was too tight for {measured}: `{short}` is enough"
    return (
        f"the bump is not needed: measured {measured} against a deadline of "
        f"{change.after.seconds:g} s, suggested {enough:g}"
    )


def _found(record: HuntRecord) -> str:
    suspects = findings.suspects(record)
    info = findings.commit_info(record, suspects[0])
    named = f"{info.short} ({info.subject}; {info.author})" if info else suspects[0][:12]
    if len(suspects) > 1:
        return (
            f"a regression: the first bad commit is one of {counted(len(suspects), 'commit')}, first {named}"
        )
    effect = findings.effect(record)
    ratio = f", {effect}" if effect else ""
    return f"a regression: first bad commit {named}{ratio}; fix that instead of raising the deadline"


def _ground_between(
    ground: Ground,
    raised: Sequence[Change],
    deadlines: Sequence[Deadline],
    base: str,
    head: str,
    seconds: float | None,
) -> Ground:
    """The hunt with these endpoints and budget, and with the deadlines of both endpoints lifted."""
    asked: dict[str, object] = {"good": base, "bad": head}
    if seconds is not None:
        asked["budget.time"] = max(seconds, 1.0)
    hunt = build(asked, Path.cwd(), ground.hunt)
    files = {change.shown.file for change in raised}
    overlay = [
        # An edit in the hunt file that raises the old deadline does not apply to the new one.
        one.model_copy(update={"optional": True}) if isinstance(one, Edit) and one.edit in files else one
        for one in hunt.overlay
    ]
    own = copy.copy(ground)
    lifted = lifting(deadlines)
    own.hunt = hunt.model_copy(update={"overlay": (*overlay, *lifted)})
    own.lifts_deadlines_of = frozenset(files | {one.edit for one in lifted})
    return own


def _deadlines(ground: Ground, raised: Sequence[Change], commits: Sequence[str]) -> list[Deadline]:
    """All deadlines of the changed files at these commits."""
    files = dict.fromkeys(change.shown.file for change in raised)
    texts = ((file, text_at(ground.repository, commit, file)) for commit in commits for file in files)
    return [one for file, text in texts if text is not None for one in deadlines_in(text, file)]
