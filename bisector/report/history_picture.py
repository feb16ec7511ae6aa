"""The picture of a hunt: every reading along the history, the step, what could not be tested, the belief."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.record import HuntRecord, Reading
from bisector.predicate import Bad, Good, Measured, Run
from bisector.report import bounds, findings
from bisector.report.findings import Side
from bisector.report.probe_table import reading_side
from bisector.report.scales import Box, HistoryAxis, LogAxis, ratio_label, spaced

_SMALLEST_BAR = 0.0005


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading in the picture; `side` names its shape and colour."""

    x: float
    y: float
    side: str
    busy: bool
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The posterior probability of one candidate."""

    x: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class HistoryPicture:
    """Geometry in pixels, ready to be drawn; texts are to be escaped by the drawer."""

    width: float
    height: float
    box: Box
    measured: bool
    verdicts: bool
    """Whether marks of no value stand among measured ones."""
    shortened: bool
    y_ticks: list[tuple[float, str]]
    x_ticks: list[tuple[float, str]]
    marks: list[Mark]
    references: list[tuple[float, float]]
    step: list[tuple[float, float]]
    suspects: tuple[float, float] | None
    bars: list[Bar]
    bars_top: float
    bars_bottom: float
    untestable_y: float
    description: str


class _Drawing:
    """Works out one picture; `width` in pixels decides how much detail fits."""

    def __init__(self, record: HuntRecord, width: float) -> None:
        self.record = record
        self.wide = width >= 600
        self.width, self.height = width, 430.0 if self.wide else 400.0
        self.box = Box(58 if self.wide else 44, 30, width - 16, self.height - 158)
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
        lanes = [(self.lane(Side.BAD), "bad"), (self.lane(Side.GOOD), "good")]
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
            bars=self._bars(),
            bars_top=self.height - 88,
            bars_bottom=self.height - 42,
            untestable_y=self.lane(Side.UNTESTABLE),
            description=_description(self.record, self.measured),
        )

    def x(self, reading: Reading) -> float:
        """Commits that are no candidates (good endpoints, merge bases) stand at the good end."""
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
        for reading in self.record.readings:
            side = reading_side(self.record, reading)
            nth = seen[reading.commit, side]
            seen[reading.commit, side] += 1
            marks.append(self._mark(reading, side, nth))
        return marks

    def _mark(self, reading: Reading, side: Side, nth: int) -> Mark:
        level = bounds.level(reading)
        if level is not None:
            y = self.ratios.y(level / self.baseline)
        else:
            y = self._level(side) or (self.box.top if side is Side.BAD else self.lane(side))
            y -= min(nth, 4) * 9 if side is not Side.UNTESTABLE else 0
        info = findings.commit_info(self.record, reading.commit)
        label = f"{reading.commit[:12]} {info.subject if info else ''}: {side.value}. {reading.judgement.why}"
        busy = bool(reading.run and findings.busy(reading.run.contention, findings.cores(self.record)))
        return Mark(self.x(reading), y, side.name.lower(), busy, label)

    def _level(self, side: Side) -> float | None:
        """Height of the step before (good) and after it (bad)."""
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

    def _x_ticks(self) -> list[tuple[float, str]]:
        last = len(self.record.candidates) - 1
        ends = [(self.axis.x(-1), "good"), (self.axis.x(last), "bad")]
        suspects = [(self.axis.x(p), f"{p + 1:,}") for p in self.suspects[:1]]
        tested = {self.position[r.commit] for r in self.record.readings if r.commit in self.position}
        return spaced([*ends, *suspects, *((self.axis.x(p), f"{p + 1:,}") for p in sorted(tested))], 46)


def history_picture(record: HuntRecord, width: float) -> HistoryPicture:
    """The picture at a width in pixels; a narrow screen gets a drawing of its own, not a shrunken one."""
    return _Drawing(record, width).picture()


def reference_seconds(run: Run) -> float:
    """The time by which references are compared: user time, or wall time where none was counted."""
    return run.user or run.wall


def by_good_endpoint(record: HuntRecord) -> dict[int, Run]:
    """The reference's run of each reading (by number, from 0) whose reference is a good endpoint's build.

    A confirmation runs against a parent instead, whose time says nothing of the machine.
    """
    good = {"", *(commit.id for commit in record.good)}
    return {i: r.reference for i, r in enumerate(record.readings) if r.reference and r.against in good}


def _relative_references(record: HuntRecord) -> dict[int, float]:
    """Each reference run over the median of all, by the number of its reading (from 0)."""
    times = {i: reference_seconds(run) for i, run in by_good_endpoint(record).items()}
    times = {i: t for i, t in times.items() if t > 0}
    median = statistics.median(times.values()) if times else 1.0
    return {i: t / median for i, t in times.items()}


def _description(record: HuntRecord, measured: bool) -> str:
    sides = Counter(reading_side(record, r).value for r in record.readings)
    counts = ", ".join(f"{n} {side}" for side, n in sides.items())
    kind = "ratio to the good endpoint, logarithmic" if measured else "verdict"
    return (
        f"From left to right the {findings.counted(len(record.candidates), 'candidate')} in topological "
        f"order, upwards the {kind}. Readings: {counts or 'none'}. Outcome: {findings.headline(record)}."
    )
