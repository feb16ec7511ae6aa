"""Axes of the report's pictures: map commits, ratios and minutes to pixels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINEAR_UP_TO = 60


@dataclass(frozen=True, slots=True)
class Box:
    """The plotting area in pixels; the origin is the top left."""

    left: float
    top: float
    right: float
    bottom: float


class HistoryAxis:
    """Positions among the candidates (-1 is the good endpoint) as x.

    Up to 60 candidates are evenly spaced. In longer ranges the width of each stretch between two `landmarks`
    is the logarithm of its length: a bisection halves its stretches, so all its steps stay visible.
    """

    def __init__(self, candidates: int, landmarks: Iterable[int], left: float, right: float) -> None:
        last = candidates - 1
        self.shortened = candidates > LINEAR_UP_TO
        kept = {p for p in landmarks if -1 < p < last} if self.shortened else set()
        self._stops = sorted({-1, last} | kept)
        gaps = [b - a for a, b in zip(self._stops, self._stops[1:], strict=False)]
        widths = [1 + math.log2(g) if self.shortened else float(g) for g in gaps]
        self._scale = (right - left) / math.fsum(widths) if widths else 0.0
        self._starts = [left]
        for width in widths:
            self._starts.append(self._starts[-1] + width * self._scale)

    def x(self, position: float) -> float:
        """The pixel of a position, which may lie between two commits."""
        stretch = min(max(bisect_right(self._stops, position) - 1, 0), max(len(self._stops) - 2, 0))
        if len(self._stops) < 2:
            return self._starts[0]
        first, last = self._stops[stretch], self._stops[stretch + 1]
        share = (position - first) / (last - first)
        start, end = self._starts[stretch], self._starts[stretch + 1]
        return start + share * (end - start)


class LogAxis:
    """Ratios as y on a logarithmic scale, with a small margin above and below."""

    def __init__(self, values: Iterable[float], top: float, bottom: float) -> None:
        known = [v for v in values if v > 0 and math.isfinite(v)] or [1.0]
        # At least 0.9 to 1.1, so that noise of one per cent does not fill the picture.
        self.low, self.high = min(*known, 0.9) * 0.94, max(*known, 1.1) * 1.06
        self._top, self._bottom = top, bottom

    def y(self, value: float) -> float:
        """The pixel of a ratio."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self._bottom - share * (self._bottom - self._top)

    def ticks(self) -> list[float]:
        """Three to eight round ratios on the axis, including 1 if it is in range."""
        for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
            found = self._within(steps)
            if len(found) >= 4:
                return found
        return self._even()

    def _within(self, steps: Sequence[float]) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        all_ticks = (s * 10.0**e for e in range(first, last + 1) for s in steps)
        return [t for t in all_ticks if self.low <= t <= self.high]

    def _even(self) -> list[float]:
        span = self.high - self.low
        step = next(s for s in (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, span) if span / s <= 8)
        count = math.ceil(self.low / step)
        return [n * step for n in range(count, math.floor(self.high / step) + 1)]


def ratio_label(value: float) -> str:
    """`1x`, `0.95x`, `6.2x`."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "x" if value < 100 else f"{value:,.0f}x"


def spaced(wanted: Sequence[tuple[float, str]], apart: float) -> list[tuple[float, str]]:
    """The labels, given in order of importance, that are `apart` pixels from all before them."""
    kept: list[tuple[float, str]] = []
    for at, text in wanted:
        if all(abs(at - other) >= apart for other, _ in kept):
            kept.append((at, text))
    return kept
