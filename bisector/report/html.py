"""The HTML report: one self-contained page that loads nothing and runs no script but its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from bisector.history.patch import CommitPatch, FilePatch, parsed, places
from bisector.hunt.conclusion import Effect, FirstBad
from bisector.hunt.descend.level import Level
from bisector.hunt.record import CommitInfo, HuntRecord
from bisector.report import descent_words, failed_builds_words, findings
from bisector.report.atomic_write import atomic_write
from bisector.report.commit_graph import commit_graph
from bisector.report.drift_picture import drift_picture
from bisector.report.history_picture import history_picture
from bisector.report.last_output import obstacle, tails
from bisector.report.probe_table import rows
from bisector.report.rendering import lines, template
from bisector.report.scales import LogAxis, ratio_label
from bisector.report.tiles import tiles

WIDTHS = {"wide": 1000.0, "narrow": 360.0}
"""Widths in pixels; the style sheet shows the drawing that fits the screen."""

NO_CHANGE = CommitPatch()

_OPEN_UP_TO = 60
"""Lines of a change to a single file up to which it is not folded."""


def html_report(record: HuntRecord, folder: Path | None = None, change: CommitPatch = NO_CHANGE) -> str:
    """The page as text; `folder` is where it will be saved (for links to logs).

    `change` is what the first bad commit changes.
    """
    return template().render(content(record, folder, change))


def write_html_report(record: HuntRecord, file: Path, change: CommitPatch = NO_CHANGE) -> None:
    """Write the page to `file` atomically; raises EnvironmentFault if that fails."""
    page = html_report(record, file.resolve().parent, change)
    atomic_write(file, page.encode())


def get_ready() -> None:
    """Compile the template, so that the report at the end of a hunt takes less time."""
    template()


def content(record: HuntRecord, folder: Path | None, change: CommitPatch = NO_CHANGE) -> Mapping[str, object]:
    """The values that the page's template shows; `live` is the part of a running hunt, which has none."""
    conclusion = record.conclusion
    headline = findings.headline(record)
    table, graph = rows(record), commit_graph(record)
    return {
        "live": "",
        "record": record,
        "word": lambda side: findings.word(side, record.terms),
        "terms": record.terms,
        "headline": headline[:1].upper() + headline[1:],
        "reason": findings.reason(record),
        "kind": conclusion.name if conclusion else "unfinished",
        "found": conclusion if isinstance(conclusion, FirstBad) else None,
        "suspects": _suspects(record),
        "descent": [(*_step_down(level), level) for level in record.descent],
        "tiles": tiles(record),
        "pictures": {name: history_picture(record, width) for name, width in WIDTHS.items()},
        "drifts": {name: drift_picture(record, width) for name, width in WIDTHS.items()},
        "premise": record.premise and _interval(record.premise),
        "graph": graph,
        "drawn": {row.commit for row in graph.rows},
        "info": lambda commit: findings.commit_info(record, commit),
        "failed_builds": [
            (failed_builds_words.title(group), list(failed_builds_words.details(group)))
            for group in failed_builds_words.shown(record)
        ],
        "rows": table,
        "tails": {number: lines("\n".join(tail)) for number, tail in tails(record).items()},
        "obstacle": _obstacle(record),
        "any_busy": any(row.busy for row in table),
        "link": lambda log: _link(log, folder),
        "diffstat": lines(change.diffstat),
        "change": change,
        "marked": [_marked(file, record.descent) for file in change.files],
        "patch_of": lambda level: parsed(level.patch),
        "is_short": len(change.files) == 1 and len(change.files[0].lines) <= _OPEN_UP_TO,
        "command": lines(record.reproduce),
    }


def _step_down(level: Level) -> tuple[str, str]:
    """Where a step down leads, with its range, and its answer."""
    where = descent_words.title(level)
    return where[:1].upper() + where[1:], descent_words.answer(level)


def _marked(file: FilePatch, descent: Sequence[Level]) -> set[int]:
    """The lines of a file's patch that a step down found to be the cause, by position."""
    found = {
        (place, text)
        for level in descent
        for own in parsed(level.patch)
        if own.name == file.name and not level.path
        for _, place, text in places(own)
    }
    return {at for at, place, text in places(file) if (place, text) in found}


def _suspects(record: HuntRecord) -> list[tuple[str, CommitInfo | None, float | None]]:
    """The commits that the conclusion names, each with its probability."""
    commits = findings.suspects(record)
    odds = getattr(record.conclusion, "probabilities", ()) or (None,) * len(commits)
    return [(c, findings.commit_info(record, c), p) for c, p in zip(commits, odds, strict=True)]


def _obstacle(record: HuntRecord) -> Mapping[str, object] | None:
    """What the page shows instead of a picture of a hunt that could not begin."""
    found = obstacle(record)
    if found is None:
        return None
    reading, printed = found
    good = {commit.id for commit in record.good}
    name = f"{record.terms.new} endpoint" if reading.commit == record.bad.id else "merge base"
    return {
        "name": f"{record.terms.old} endpoint" if reading.commit in good else name,
        "reading": reading,
        "output": lines("\n".join(printed)),
    }


def _interval(effect: Effect) -> Mapping[str, object]:
    """The premise's interval on its own logarithmic axis, in per cent of the width."""
    axis = LogAxis([1.0, effect.ratio, effect.low, effect.high], 100.0, 0.0)
    return {
        "effect": effect,
        "none": axis.y(1.0),
        "low": axis.y(max(effect.low, axis.low)),
        "ratio": axis.y(effect.ratio),
        "high": axis.y(min(effect.high, axis.high)),
        "ticks": [(axis.y(t), ratio_label(t)) for t in axis.ticks()],
    }


def _link(log: Path | None, folder: Path | None) -> str:
    """The relative URL of a log; empty if the page's folder is unknown."""
    if log is None or folder is None:
        return ""
    return quote(Path(os.path.relpath(log.absolute(), folder)).as_posix())
