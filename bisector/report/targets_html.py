"""The HTML report of a hunt of several targets: the answers, and a matrix of targets and commits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from bisector.hunt.targets.record import Answer, TargetRecord, TargetsRecord
from bisector.report import targets_findings
from bisector.report.atomic_write import atomic_write
from bisector.report.findings import Side, counted
from bisector.report.rendering import template

_KINDS = {Side.GOOD: "good", Side.BAD: "bad", Side.UNTESTABLE: "untestable", Side.UNDECIDED: "none"}


def write_targets_html(record: TargetsRecord, file: Path) -> None:
    """Write the page to `file` atomically; raises EnvironmentFault if that fails."""
    atomic_write(file, targets_html(record, file.resolve().parent).encode())


def targets_html(record: TargetsRecord, folder: Path) -> str:
    """The page as text; `folder` is where it will be saved (for links to logs)."""
    commits = targets_findings.read_commits(record)
    guilty = {one.first_bad for one in targets_findings.culprits(record)}
    answer_of = {one.target: answer for answer in record.answers for one in answer.targets}
    return template("targets.html.j2").render(
        record=record,
        headline=targets_findings.headline(record),
        figures=targets_findings.costs(record),
        answers=[_answer(record, one) for one in record.answers],
        columns=[_column(record, commit, commit in guilty) for commit in commits],
        rows=[_row(record, one, answer_of[one.target], commits, folder) for one in record.targets],
        others=list(record.others.items()),
    )


def _answer(record: TargetsRecord, answer: Answer) -> Mapping[str, object]:
    targets = [
        {
            "target": targets_findings.label(one),
            "why": "" if one.is_settled else targets_findings.why_open(one),
        }
        for one in answer.targets
    ]
    return {
        "title": f"{counted(len(targets), 'target')} {targets_findings.found(record, answer)}",
        "info": record.commits.get(answer.first_bad or ""),
        "possible": targets_findings.possible(record, answer),
        "targets": targets,
    }


def _column(record: TargetsRecord, commit: str, guilty: bool) -> Mapping[str, object]:
    info = record.commits.get(commit)
    return {"short": commit[:8], "subject": info.subject if info else "", "guilty": guilty}


def _row(
    record: TargetsRecord, one: TargetRecord, answer: Answer, commits: list[str], folder: Path
) -> Mapping[str, object]:
    return {
        "target": one.target,
        "text": f"{one.target} {targets_findings.found(record, answer)}",
        "cells": [_cell(one, commit, answer, folder) for commit in commits],
    }


def _cell(one: TargetRecord, commit: str, answer: Answer, folder: Path) -> Mapping[str, object]:
    """The side of a commit for a target, with a link to the log of its last run; empty if it was not read."""
    guilty = answer.is_settled and answer.first_bad == commit
    found = targets_findings.side_of(one, commit)
    if found is None:
        return {"kind": "", "word": "", "why": "", "link": "", "guilty": guilty}
    side, readings = found
    log = readings[-1].log
    link = quote(Path(os.path.relpath(log.absolute(), folder)).as_posix()) if log else ""
    often = f" {len(readings)}x" if len(readings) > 1 else ""
    why = readings[-1].judgement.why
    return {"kind": _KINDS[side], "word": f"{side.value}{often}", "why": why, "link": link, "guilty": guilty}
