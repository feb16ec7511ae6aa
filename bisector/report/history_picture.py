"""The picture of a hunt: all readings along the history, the step, untestable commits, the posterior."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord, Reading
from bisector.predicate import Bad, Good, Measured, Run
from bisector.report import bounds, findings
from bisector.report.findings import Side
from bisector.report.point_label import point_labels
from bisector.report.probe_table import reading_side
from bisector.report.scales import Box, HistoryAxis, LogAxis, ratio_label, spaced

_SMALLEST_BAR = 0.0005
_CHARACTER = 6.4
"""Width of a character in pixels, at most on average."""
_LABEL = 80.0
"""Width of the label of an endpoint below the axis, in pixels."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading in the picture; `side` selects its shape and colour.

    `number` is that of the reading, from 1 (0 in a picture without links to readings); `lines` say what it
    is, cut to the width of the picture.
    """

    x: float
    y: float
    side: str
    busy: bool
    label: str
    number: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitTick:
    """A commit below the axis: its name and date, beginning at, around or ending at `x`."""

    x: float
    anchor: str
    name: str
    date: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The posterior probability of one candidate."""

    x: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class HistoryPicture:
    """Geometry in pixels, ready to draw; the template must escape texts."""

    width: float
    height: float
    box: Box
    measured: bool
    verdicts: bool
    """Whether there are marks without a value among measured ones."""
    shortened: bool
    y_ticks: list[tuple[float, str]]
    x_ticks: list[CommitTick]
    marks: list[Mark]
    references: list[tuple[float, float]]
    step: list[tuple[float, float]]
    suspects: tuple[float, float] | None
    band: str
    """What the commits in the band between `suspects` are."""
    bars: list[Bar]
    bars_top: float
    bars_bottom: float
    untestable_y: float
    description: str


class _Drawing:
    """Computes one picture; `width` in pixels decides how much detail fits."""

    def __init__(self, record: HuntRecord, width: float) -> None:
        self.record = record
        self.wide = width >= 600
        self.width = width
        self.box = Box(58 if self.wide else 44, 30, width - 16, 272 if self.wide else 242)
        self.bars_bottom = self.box.bottom + 116
        self.height = self.bars_bottom + 124
        self.position = {c: i for i, c in enumerate(record.candidates)}
        self.suspects = [self.position[c] for c in findings.suspects(record) if c in self.position]
        landmarks = {self.position[r.commit] for r in record.readings if r.commit in self.position}
        landmarks |= {p + d for p in self.suspects for d in (-1, 0)}
        margin = 14
        self.axis = HistoryAxis(
            len(record.candidates), landmarks, self.box.left + margin, self.box.right - margin
        )
        self.measured = any(isinstance(r.judgement, Measured) for r in record.readings)
        self.baseline = findings.baseline(record)
        self.references = _relative_references(record)
        self.ratios = LogAxis([*self._values(), *self.references.values()], self.box.top, self.box.bottom)

    def picture(self) -> HistoryPicture:
        ticks = [(self.ratios.y(t), ratio_label(t)) for t in self.ratios.ticks()]
        terms = self.record.terms
        lanes = [(self.lane(Side.BAD), terms.new), (self.lane(Side.GOOD), terms.old)]
        return HistoryPicture(
            width=self.width,
            height=self.height,
            box=self.box,
            measured=self.measured,
            verdicts=self.measured and any(isinstance(r.judgement, Good | Bad) for r in self.record.readings),
            shortened=self.axis.shortened,
            y_ticks=ticks if self.measured else lanes,
            x_ticks=self._x_ticks(),
            marks=self._marks(),
            references=[
                (self.x(self.record.readings[i]), self.ratios.y(v)) for i, v in self.references.items()
            ],
            step=self._step(),
            suspects=self._suspects(),
            band=f"first {terms.new}" if isinstance(self.record.conclusion, FirstBad) else "candidates",
            bars=self._bars(),
            bars_top=self.bars_bottom - 46,
            bars_bottom=self.bars_bottom,
            untestable_y=self.lane(Side.UNTESTABLE),
            description=_description(self.record, self.measured),
        )

    def x(self, reading: Reading) -> float:
        """The x of a reading; good endpoints and merge bases, which are not candidates, are at the left."""
        return self.axis.x(self.position.get(reading.commit, -1))

    def lane(self, side: Side) -> float:
        if side is Side.UNTESTABLE:
            return self.box.bottom + 30
        share = {Side.BAD: 0.22, Side.UNDECIDED: 0.5, Side.GOOD: 0.78}[side]
        return self.box.top + share * (self.box.bottom - self.box.top)

    def _values(self) -> list[float]:
        values = (bounds.level(reading) for reading in self.record.readings)
        return [value / self.baseline for value in values if value is not None]

    def _marks(self) -> list[Mark]:
        seen: Counter[tuple[str, Side]] = Counter()
        marks = []
        for number, label in enumerate(point_labels(self.record), 1):
            reading = self.record.readings[number - 1]
            side = reading_side(self.record, reading)
            nth = seen[reading.commit, side]
            seen[reading.commit, side] += 1
            marks.append(self._mark(reading, side, nth, number, label))
        return marks

    def _mark(self, reading: Reading, side: Side, nth: int, number: int, label: tuple[str, ...]) -> Mark:
        level = bounds.level(reading)
        if level is not None:
            y = self.ratios.y(level / self.baseline)
        else:
            y = self._level(side) or (self.box.top if side is Side.BAD else self.lane(side))
            y -= min(nth, 4) * 9 if side is not Side.UNTESTABLE else 0
        busy = bool(reading.run and findings.busy(reading.run.contention, findings.cores(self.record)))
        most = int((self.box.right - self.box.left) / _CHARACTER)
        lines = tuple(line if len(line) <= most else f"{line[: most - 1]}…" for line in label)
        return Mark(self.x(reading), y, side.name.lower(), busy, ". ".join(label), number, lines)

    def _level(self, side: Side) -> float | None:
        """The y of the step before (good) and after it (bad)."""
        if not self.measured:
            return self.lane(side)
        readings = [r for r in self.record.readings if reading_side(self.record, r) is side]
        mean = findings.geometric_mean(findings.measured(readings))
        return self.ratios.y(mean / self.baseline) if mean else None

    def _step(self) -> list[tuple[float, float]]:
        good, bad = self._level(Side.GOOD), self._level(Side.BAD)
        found = isinstance(self.record.conclusion, FirstBad) and self.suspects
        if not found or good is None or bad is None:
            return []
        edge = self.axis.x(self.suspects[0] - 0.5)
        return [(self.box.left, good), (edge, good), (edge, bad), (self.box.right, bad)]

    def _suspects(self) -> tuple[float, float] | None:
        if not self.suspects or not self.record.conclusion:
            return None
        first, last = self.axis.x(min(self.suspects) - 0.5), self.axis.x(max(self.suspects) + 0.5)
        end = min(last, self.box.right)
        return first, max(end - first, 3.0)

    def _bars(self) -> list[Bar]:
        odds = {c: p for c, p in self.record.posterior.items() if p >= _SMALLEST_BAR and c in self.position}
        highest = max(odds.values(), default=1.0)
        return [
            Bar(self.axis.x(self.position[c]), 46 * p / highest, f"{c[:12]}: {findings.percent(p)}")
            for c, p in odds.items()
        ]

    def _x_ticks(self) -> list[CommitTick]:
        good, bad, left, right = self.record.good[0], self.record.bad, self.box.left, self.box.right
        ends = [(left + _LABEL / 2, good.id), (right - _LABEL / 2, bad.id)]
        tested = {self.position[r.commit] for r in self.record.readings if r.commit in self.position}
        inner = [(self.axis.x(p), self.record.candidates[p]) for p in (*self.suspects[:1], *sorted(tested))]
        kept = spaced([*ends, *inner], _LABEL + 4)[len(ends) :]
        return [
            self._tick(left, "start", good.id, f"{self.record.terms.old} "),
            self._tick(right, "end", bad.id, f"{self.record.terms.new} "),
            *(self._tick(x, "middle", commit) for x, commit in kept),
        ]

    def _tick(self, x: float, anchor: str, commit: str, before: str = "") -> CommitTick:
        info = findings.commit_info(self.record, commit)
        return CommitTick(x, anchor, f"{before}{commit[:8]}", info.date.date().isoformat() if info else "")


def history_picture(record: HuntRecord, width: float) -> HistoryPicture:
    """The picture at a width in pixels; narrow screens get their own drawing."""
    return _Drawing(record, width).picture()


def reference_seconds(run: Run) -> float:
    """The time by which references are compared: user time, or wall time if that is zero."""
    return run.user or run.wall


def by_good_endpoint(record: HuntRecord) -> dict[int, Run]:
    """The reference run of each reading (by number, from 0) whose reference is a good endpoint's build.

    A confirmation uses a parent as its reference, whose time says nothing about the machine.
    """
    good = {"", *(commit.id for commit in record.good)}
    return {i: r.reference for i, r in enumerate(record.readings) if r.reference and r.against in good}


def _relative_references(record: HuntRecord) -> dict[int, float]:
    """Each reference time relative to the median of all, by the number of its reading (from 0)."""
    times = {i: reference_seconds(run) for i, run in by_good_endpoint(record).items()}
    times = {i: t for i, t in times.items() if t > 0}
    median = statistics.median(times.values()) if times else 1.0
    return {i: t / median for i, t in times.items()}


def _description(record: HuntRecord, measured: bool) -> str:
    sides = Counter(findings.word(reading_side(record, r), record.terms) for r in record.readings)
    counts = ", ".join(f"{n} {side}" for side, n in sides.items())
    kind = f"ratio to the {record.terms.old} endpoint, logarithmic" if measured else "verdict"
    return (
        f"From left to right: {findings.counted(len(record.candidates), 'candidate')} in topological "
        f"order. Upwards: {kind}. Readings: {counts or 'none'}. Outcome: {findings.headline(record)}."
    )
