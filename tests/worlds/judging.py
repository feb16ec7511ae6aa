"""Whether bisector's answer about a world is right, honest or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bisector.errors import ExitCode
from tests.worlds.scene import Run
from tests.worlds.world import REFUSED, Truth


class Grade(IntEnum):
    """The grade of a world is that of its worst start."""

    RIGHT = 0
    HONEST = 1
    WRONG = 2


@dataclass(frozen=True)
class Judged:
    """A grade and its reason. `trusted` is a wrong answer with exit code 0."""

    grade: Grade
    why: str
    trusted: bool = False


def judge(run: Run, truth: Truth, ids: Mapping[str, str]) -> Judged:
    """The grade of a start."""
    if trouble := _trouble(run):
        return Judged(Grade.WRONG, trouble, run.code == 0)
    names = {commit: name for name, commit in ids.items()}
    grade, why = _grade(run, truth, names)
    return Judged(grade, why, grade is Grade.WRONG and run.code == 0)


def judge_killed(run: Run) -> Judged:
    """The grade of a killed start, which only must not have changed anything."""
    if run.left:
        return Judged(Grade.WRONG, f"killed, it left {dict(run.left)}")
    return Judged(Grade.RIGHT, "killed")


def _trouble(run: Run) -> str:
    if run.code is None:
        return "it hung"
    if run.code < 0 or run.code in (1, 70) or "Traceback" in run.err:
        return f"it crashed with {run.code}: {run.err.strip()[-300:]}"
    return f"it left {dict(run.left)}" if run.left else ""


def _grade(run: Run, truth: Truth, names: Mapping[str, str]) -> tuple[Grade, str]:
    summary = run.summary
    if not summary:
        refused = run.code == ExitCode.USAGE and REFUSED in truth.honest
        return Grade.HONEST if refused else Grade.WRONG, f"exit {run.code}: {run.err.strip()[-300:]}"
    conclusion = summary["conclusion"]
    why = f"{conclusion} ({run.code}): {summary['reason']}"
    if conclusion == "first-bad":
        return _first_bad(run, summary, truth, names)
    if conclusion == "any-of":
        return _any_of(summary, truth, names)
    if conclusion in truth.right:
        return Grade.RIGHT, why
    return Grade.HONEST if conclusion in truth.honest else Grade.WRONG, why


def _first_bad(
    run: Run, summary: dict[str, Any], truth: Truth, names: Mapping[str, str]
) -> tuple[Grade, str]:
    name = names[summary["first_bad"]]
    why = f"named {name} ({run.code}), where {_told(truth)}"
    if run.code == ExitCode.INCONCLUSIVE:
        return Grade.HONEST, why
    if name in truth.first and summary["confirmed"] is True:
        return Grade.RIGHT, why
    return Grade.WRONG, why + ("" if summary["confirmed"] else ", unconfirmed")


def _any_of(summary: dict[str, Any], truth: Truth, names: Mapping[str, str]) -> tuple[Grade, str]:
    said = {names[commit] for commit in summary["any_of"]}
    why = f"one of {sorted(said)}, where {_told(truth)}"
    if not said & truth.first:
        return Grade.WRONG, why
    needed = len(said - truth.untestable) <= 1
    return Grade.RIGHT if needed else Grade.HONEST, why


def _told(truth: Truth) -> str:
    return f"{' or '.join(sorted(truth.first)) or 'none'} is right"
