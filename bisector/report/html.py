"""The HTML report: one page that needs nothing but itself, no script and no network."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from bisector.hunt.conclusion import Effect, FirstBad
from bisector.hunt.record import CommitInfo, HuntRecord
from bisector.report import bounds, findings
from bisector.report.atomic_write import atomic_write
from bisector.report.commit_graph import commit_graph
from bisector.report.drift_picture import drift_picture
from bisector.report.history_picture import history_picture
from bisector.report.probe_table import rows
from bisector.report.safe_text import visible, visible_lines
from bisector.report.saved import saved
from bisector.report.scales import LogAxis, ratio_label

WIDTHS = {"wide": 1000.0, "narrow": 360.0}
"""Pixels; style sheets show the drawing that fits the screen."""


def html_report(record: HuntRecord, folder: Path | None = None, diffstat: str = "") -> str:
    """The page as text; `folder` is where it will stand (logs are linked from there).

    `diffstat` is git's own summary of the first bad commit's changes, shown as it is.
    """
    return template().render(_content(record, folder, diffstat))


def write_html_report(record: HuntRecord, file: Path, diffstat: str = "") -> None:
    """Write the page to `file` at once; EnvironmentFault where that cannot be done."""
    page = html_report(record, file.resolve().parent, diffstat)
    atomic_write(file, page.encode())


@functools.cache
def template() -> Template:
    """The page without its content; it takes a tenth of a second to compile, once."""
    environment = Environment(
        loader=PackageLoader("bisector", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(px=_px, percent=findings.percent, duration=findings.duration)
    return environment.get_template("report.html.j2")


def _finalize(value: object) -> object:
    """Every text that a template prints is made harmless, so that no template can forget it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _content(record: HuntRecord, folder: Path | None, diffstat: str) -> Mapping[str, object]:
    conclusion, effect = record.conclusion, findings.effect(record)
    headline = findings.headline(record)
    table = rows(record)
    return {
        "record": record,
        "headline": headline[:1].upper() + headline[1:],
        "reason": findings.reason(record),
        "kind": conclusion.name if conclusion else "unfinished",
        "found": conclusion if isinstance(conclusion, FirstBad) else None,
        "suspects": _suspects(record),
        "effect": effect,
        "at_least": bounds.at_least(record),
        "confidence": findings.confidence(record),
        "skipped": len(findings.skipped(record)),
        "seconds": findings.seconds(record),
        "saved": saved(record),
        "pictures": {name: history_picture(record, width) for name, width in WIDTHS.items()},
        "drifts": {name: drift_picture(record, width) for name, width in WIDTHS.items()},
        "premise": record.premise and _interval(record.premise),
        "graph": commit_graph(record),
        "info": lambda commit: findings.commit_info(record, commit),
        "rows": table,
        "any_busy": any(row.busy for row in table),
        "link": lambda log: _link(log, folder),
        "diffstat": _lines(diffstat),
        "command": _lines(record.reproduce),
    }


def _suspects(record: HuntRecord) -> list[tuple[str, CommitInfo | None, float | None]]:
    """The commits named by the conclusion, each with the probability that the conclusion gives it."""
    commits = findings.suspects(record)
    odds = getattr(record.conclusion, "probabilities", ()) or (None,) * len(commits)
    return [(c, findings.commit_info(record, c), p) for c, p in zip(commits, odds, strict=True)]


def _interval(effect: Effect) -> Mapping[str, object]:
    """The premise's interval on a logarithmic axis of its own, in per cent of its width."""
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
    """A relative address of a log, or none where the page's own place is not known."""
    if log is None or folder is None:
        return ""
    return quote(Path(os.path.relpath(log.absolute(), folder)).as_posix())


def _lines(text: str) -> Markup:
    return escape(visible_lines(text))
