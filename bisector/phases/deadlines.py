"""Recommends values for the deadlines in test scripts, based on how long the tests take."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bisector.engine.slots import Slots
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.phases.result import Block, Bullets, Code, Paragraph, Result, Table
from bisector.report.findings import counted, duration
from bisector.watchdog.advice import FACTOR, Fit, fit, recommended
from bisector.watchdog.deadline import Deadline, deadlines_in
from bisector.watchdog.quiet_wall import QuietWall, quiet_wall
from bisector.watchdog.scripts import scripts_of

PHASE = "deadlines"
_WANTING = (Fit.TOO_TIGHT, Fit.TOO_LOOSE)


@dataclass(frozen=True, slots=True)
class Row:
    """A deadline in a hunt's scripts, and the test's quiet wall time; `advice` is in seconds."""

    hunt: str
    deadline: Deadline
    wall: QuietWall
    fit: Fit
    advice: float | None

    @property
    def proposal(self) -> str:
        """The recommended text; empty if the deadline may stay."""
        if self.fit not in _WANTING or self.advice is None:
            return ""
        return self.deadline.reading(self.advice)


@dataclass(frozen=True)
class Looked:
    """The findings for one hunt at one commit."""

    ground: Ground
    commit: str
    rows: tuple[Row, ...]
    wall: QuietWall | None


def look(
    ground: Ground,
    commit: str | None,
    listener: Listener,
    *,
    since: datetime,
    runs: int,
    factor: float = FACTOR,
) -> Looked:
    """The deadlines in the scripts that a hunt's test runs at `commit` (default: bad), with advice.

    Times come from readings since `since`; without any, the test runs `runs` times. Nothing runs if the
    scripts set no deadline.
    """
    at = ground.repository.resolve(commit or ground.hunt.bad)
    scripts = scripts_of(ground.repository, at, ground.hunt.test)
    deadlines = [one for path, text in scripts.items() for one in deadlines_in(text, path)]
    if not deadlines:
        return Looked(ground, at, (), None)
    wall = quiet_wall(ground, at, deadlines, listener, since=since, runs=runs)
    return Looked(ground, at, tuple(_row(ground, one, wall, factor) for one in deadlines), wall)


def deadlines_result(looked: Sequence[Looked], factor: float, patch: str = "") -> Result:
    """The table for all hunts, and the deadlines that should change; `patch` is the diff with new values."""
    rows = [row for one in looked for row in one.rows]
    title = _title(rows)
    blocks: list[Block] = [Paragraph(title, strong=True)]
    if rows:
        blocks.append(_table(rows))
        blocks.append(Paragraph(f"Better: {factor:g}x the quiet wall time, rounded up, at least 10 s."))
    blocks.append(Bullets(tuple(note for one in looked for note in _notes(one))))
    if patch:
        blocks += [Paragraph("Proposed change (not applied):"), Code(patch, "diff")]
    names = ", ".join(dict.fromkeys(one.ground.hunt.hunt for one in looked))
    question = [(str(one.ground.repository.git_folder), one.ground.hunt.hunt, one.commit) for one in looked]
    return Result(
        phase=PHASE,
        key=hashlib.sha256(repr((question, factor)).encode()).hexdigest()[:40],
        hunt=names,
        title=title,
        blocks=tuple(blocks),
        data={"factor": factor, "deadlines": [_data(row) for row in rows], "patch": patch},
    )


def patch_of(looked: Sequence[Looked]) -> str:
    """The recommended values as a diff, made in temporary scratch worktrees."""
    by_commit: dict[tuple[Path, str], list[Looked]] = {}
    for one in looked:
        by_commit.setdefault((one.ground.repository.git_folder, one.commit), []).append(one)
    return "".join(_patch(commit, group) for (_, commit), group in by_commit.items())


def _patch(commit: str, looked: Sequence[Looked]) -> str:
    edits = {
        (row.deadline.file, row.deadline.line, row.deadline.column): row
        for row in sorted((row for one in looked for row in one.rows), key=lambda row: row.advice or 0.0)
        if row.proposal
    }
    if not edits:
        return ""
    ground = looked[0].ground
    with Slots(ground.scratch.slots, ground.repository) as slots:
        worktree = slots.take(commit).worktree
        worktree.checkout(commit)
        for _, row in sorted(edits.items(), reverse=True):
            _edit(worktree.path / row.deadline.file, row)
        diff = ground.repository.git("diff", "--no-color", "--no-ext-diff", folder=worktree.path)
    return diff.decode(errors="replace")


def _edit(file: Path, row: Row) -> None:
    """Replace the deadline by the recommended value; leaves all other bytes unchanged."""
    deadline = row.deadline
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        lines = stream.read().split("\n")
    line, end = lines[deadline.line - 1], deadline.column + len(deadline.value)
    lines[deadline.line - 1] = line[: deadline.column] + deadline.written(row.advice or 0.0) + line[end:]
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write("\n".join(lines))


def _row(ground: Ground, deadline: Deadline, wall: QuietWall, factor: float) -> Row:
    if wall.failed:
        return Row(ground.hunt.hunt, deadline, wall, Fit.UNKNOWN, None)
    fits = fit(deadline.seconds, wall.wall, factor, held=wall.held)
    advice = None if fits is Fit.OF_A_PART else recommended(wall.wall, factor)
    return Row(ground.hunt.hunt, deadline, wall, fits, advice)


def _title(rows: Sequence[Row]) -> str:
    wanting = [row for row in rows if row.fit in _WANTING]
    if not rows:
        return "the scripts of these tests set no deadline"
    if not wanting:
        known = [row for row in rows if row.fit is not Fit.UNKNOWN]
        return f"{counted(len(known), 'deadline')} checked, none too tight or too loose"
    said = ", ".join(
        f"{row.hunt}'s `{row.deadline.text}` is {row.fit.value} for {duration(row.wall.wall)}"
        for row in wanting
    )
    return f"{len(wanting)} of {counted(len(rows), 'deadline')} should change: {said}"


def _table(rows: Sequence[Row]) -> Table:
    head = ("script", "deadline", "quiet wall", "headroom", "better", "")
    return Table(head, tuple(map(_cells, rows)), frozenset({2, 3, 4}))


def _cells(row: Row) -> tuple[str, ...]:
    where = f"{row.deadline.file}:{row.deadline.line}"
    if row.wall.failed:
        return (where, row.deadline.text, "", "", "", row.fit.value)
    headroom = row.deadline.seconds / max(row.wall.wall, 0.001)
    better = row.deadline.written(row.advice) if row.proposal and row.advice else ""
    times = f"{headroom:,.0f}x" if headroom >= 10 else f"{headroom:.1f}x"
    return (where, row.deadline.text, duration(row.wall.wall), times, better, row.fit.value)


def _notes(looked: Looked) -> list[str]:
    name, wall, at = looked.ground.hunt.hunt, looked.wall, looked.commit[:12]
    if wall is None:
        return [f"{name}: its scripts set no deadline at {at}"]
    if wall.failed:
        return [f"{name}: not measured at {at}: {wall.failed}"]
    source = "premise readings" if wall.known else "runs without its deadlines" if wall.lifted else "runs"
    notes = [f"{name}: the fastest of {wall.runs} {source} at {at}, {duration(wall.user)} user"]
    if wall.is_busy:
        notes[0] += "; the machine was busy even then, so the quiet wall time is shorter"
    if wall.exit_code:
        notes[0] += f"; the test exited with {wall.exit_code}"
    if any(row.fit is Fit.OF_A_PART for row in looked.rows):
        notes.append(f"{name}: a deadline that is shorter than the test but did not stop it guards a part")
    return notes


def _data(row: Row) -> dict[str, Any]:
    return {
        "hunt": row.hunt,
        "file": row.deadline.file,
        "line": row.deadline.line,
        "text": row.deadline.text,
        "seconds": row.deadline.seconds,
        "quiet_wall": None if row.wall.failed else row.wall.wall,
        "user": None if row.wall.failed else row.wall.user,
        "busy": row.wall.is_busy,
        "recommended": row.advice,
        "proposal": row.proposal,
        "fit": row.fit.value,
    }
