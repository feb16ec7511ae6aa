"""The drift of the machine during the hunt: the time of each reference run."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bisector.hunt.record import HuntRecord, Reading
from bisector.predicate import Run
from bisector.report import findings
from bisector.report.history_picture import Mark, by_good_endpoint, reference_seconds
from bisector.report.scales import Box, LogAxis, ratio_label, spaced

_FEWEST = 3
_SECONDS_BELOW = 600.0
"""Duration of a hunt in seconds below which times of day include seconds."""


@dataclass(frozen=True, slots=True)
class DriftPicture:
    """Geometry in pixels, ready to draw."""

    width: float
    height: float
    box: Box
    y_ticks: list[tuple[float, str]]
    x_ticks: list[tuple[float, str]]
    marks: list[Mark]
    description: str


def drift_picture(record: HuntRecord, width: float) -> DriftPicture | None:
    """Reference times relative to their median, by time of day; None for fewer than three references."""
    references = by_good_endpoint(record).items()
    pairs = [(record.readings[i], run) for i, run in references if reference_seconds(run) > 0]
    if len(pairs) < _FEWEST:
        return None
    median = statistics.median(reference_seconds(run) for _, run in pairs)
    ratios = [reference_seconds(run) / median for _, run in pairs]
    box = Box(58 if width >= 600 else 44, 14, width - 16, 150)
    axis = LogAxis(ratios, box.top, box.bottom)
    start = pairs[0][0].at
    span = max((r.at - start).total_seconds() for r, _ in pairs) or 1.0
    places = [
        box.left + 10 + (r.at - start).total_seconds() / span * (box.right - box.left - 20) for r, _ in pairs
    ]
    clock = "%H:%M" if span >= _SECONDS_BELOW else "%H:%M:%S"
    labels = [(x, f"{r.at:{clock}}") for x, (r, _) in zip(places, pairs, strict=True)]
    return DriftPicture(
        width=width,
        height=186,
        box=box,
        y_ticks=[(axis.y(t), ratio_label(t)) for t in axis.ticks()],
        x_ticks=spaced([labels[0], labels[-1], *labels], 72),
        marks=[
            _mark(record, pair, x, axis.y(ratio))
            for pair, x, ratio in zip(pairs, places, ratios, strict=True)
        ],
        description=(
            f"{len(pairs)} runs of the reference build took between {min(ratios):.2f} and "
            f"{max(ratios):.2f} times their median of {findings.duration(median)}."
        ),
    )


def _mark(record: HuntRecord, pair: tuple[Reading, Run], x: float, y: float) -> Mark:
    reading, run = pair
    busy = findings.busy(run.contention, findings.cores(record))
    label = f"{reading.at:%H:%M:%S}: {findings.duration(reference_seconds(run))}"
    return Mark(x, y, "reference", busy, label)
