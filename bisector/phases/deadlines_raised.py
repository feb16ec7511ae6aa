"""The report on deadlines that a change raises, with the results of the hunts that watch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bisector.errors import ExitCode, HistoryError
from bisector.history.repository import UNSHALLOW, Repository
from bisector.hunt.ground import Ground
from bisector.phases.result import Block, Bullets, Paragraph, Result, Table
from bisector.report.findings import counted
from bisector.watchdog.annotations import Finding
from bisector.watchdog.answer import Answer
from bisector.watchdog.bumps import Change, Kind

PHASE = "watchdog"


def ends_of(repository: Repository, asked: str) -> tuple[str, str]:
    """Ids of the merge base and the head of `BASE..HEAD`; `BASE` alone means `BASE..HEAD`.

    Raises `HistoryError` if one does not exist or they have no common history.
    """
    base, _, head = asked.replace("...", "..").partition("..")
    ends = repository.resolve(base or "HEAD"), repository.resolve(head or "HEAD")
    bases = repository.merge_bases(*ends)
    if not bases:
        remedy = UNSHALLOW if repository.is_shallow else "name two related commits"
        raise HistoryError(f"{base or 'HEAD'} and {head or 'HEAD'} have no common history here; {remedy}")
    return bases[0], ends[1]


def raised_result(
    ends: tuple[str, str],
    changes: Sequence[Change],
    watchers: Mapping[str, Sequence[Ground]],
    answers: Sequence[Answer],
    *,
    strict: bool,
) -> Result:
    """The result; with `strict`, a raised deadline without a hunt's answer fails."""
    raised = [change for change in changes if change.kind is Kind.RAISED]
    blocks: list[Block] = [Paragraph(_title(changes), strong=True)]
    if changes:
        blocks.append(_table(changes, watchers))
    if answers:
        blocks.append(Bullets(tuple(f"{one.hunt}: {text}" for one in answers for text in one.sentences)))
    if unwatched := sorted({c.shown.file for c in raised if not watchers.get(c.shown.file)}):
        files = ", ".join(unwatched)
        blocks.append(Paragraph(f"No hunt watches {files}: name one with --config and set its `watches`."))
    elif raised and not answers:
        blocks.append(Paragraph("`--run` checks whether the test became slower, and since which commit."))
    return Result(
        phase=PHASE,
        key=" ".join(ends),
        hunt=", ".join(dict.fromkeys(one.hunt for one in answers)),
        title=_title(changes),
        blocks=tuple(blocks),
        data={
            "base": ends[0],
            "head": ends[1],
            "changes": [_data(change, watchers) for change in changes],
            "answers": [
                {"hunt": one.hunt, "sentences": list(one.sentences), "exit_code": int(one.exit_code)}
                for one in answers
            ],
        },
        exit_code=_exit_code(raised, answers, strict=strict and (bool(unwatched) or not answers)),
    )


def findings_of(
    changes: Sequence[Change], watchers: Mapping[str, Sequence[Ground]], answers: Sequence[Answer]
) -> list[Finding]:
    """An annotation for each change, with the answers of its hunts."""
    found = []
    for change in changes:
        said = [
            f"{answer.hunt}: {text}"
            for answer in answers
            if any(ground.hunt.hunt == answer.hunt for ground in watchers.get(change.shown.file, ()))
            for text in answer.sentences
        ]
        weighs = change.kind is Kind.RAISED
        message = ". ".join([f"{change.kind.value}: {change}", *(said if weighs else [])])
        found.append(Finding(change.shown.file, change.shown.line, change.kind.value, message, weighs))
    return found


def _title(changes: Sequence[Change]) -> str:
    counts = {kind: sum(change.kind is kind for change in changes) for kind in Kind}
    raised = counts.pop(Kind.RAISED)
    others = ", ".join(f"{count} {kind.value}" for kind, count in counts.items() if count)
    head = f"{counted(raised, 'deadline')} raised" if raised else "no deadline raised"
    return f"{head}, {others}" if others else head


def _table(changes: Sequence[Change], watchers: Mapping[str, Sequence[Ground]]) -> Table:
    rows = tuple(
        (
            f"{change.shown.file}:{change.shown.line}",
            change.before.text if change.before else "",
            change.after.text if change.after else "",
            change.kind.value,
            ", ".join(ground.hunt.hunt for ground in watchers.get(change.shown.file, ())),
        )
        for change in changes
    )
    return Table(("where", "before", "after", "", "hunt"), rows)


def _data(change: Change, watchers: Mapping[str, Sequence[Ground]]) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "file": change.shown.file,
        "line": change.shown.line,
        "before": change.before.text if change.before else None,
        "after": change.after.text if change.after else None,
        "seconds_before": change.before.seconds if change.before else None,
        "seconds_after": change.after.seconds if change.after else None,
        "hunts": [ground.hunt.hunt for ground in watchers.get(change.shown.file, ())],
    }


def _exit_code(raised: Sequence[Change], answers: Sequence[Answer], *, strict: bool) -> int:
    codes = {answer.exit_code for answer in answers}
    if ExitCode.CHECK_FAILED in codes or (strict and raised):
        return ExitCode.CHECK_FAILED
    return ExitCode.INCONCLUSIVE if ExitCode.INCONCLUSIVE in codes else 0
