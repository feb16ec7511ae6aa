"""The reliability picture as SVG: stated confidence against the share of right answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.sax.saxutils import escape

from benchmarks.calibration.hunts import LEVELS, Stage, Tally

WIDTH, HEIGHT, LEFT, TOP, ROOM = 640, 400, 70, 40, 300
COLOURS = ("#c2571a", "#2f7d4f", "#3366cc", "#8a4fbf")
"""Colours that differ on white and on black."""
BEST = 0.9997
"""Larger shares are drawn at the upper edge."""
TICKS = (0.85, 0.9, 0.95, 0.99, 0.999)
STYLE = """<style>
  .ground { fill: #ffffff } .ink { fill: #222222 } .axis { stroke: #222222; fill: none }
  .faint { stroke: #999999; fill: none } .lies { fill: #d33333; fill-opacity: .10 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1b1d23 } .ink { fill: #e6e6e6 } .axis { stroke: #e6e6e6 } .faint { stroke: #777777 }
  }
</style>"""


def _place(share: float) -> float:
    """A share on a scale of its errors (0 at .8, 1 at `BEST`), so that .99 and .999 are apart."""
    low, high = math.log10(0.2), math.log10(1 - BEST)
    return (low - math.log10(1 - min(max(share, 0.8), BEST))) / (low - high)


def _y(share: float) -> float:
    return TOP + ROOM * (1 - _place(share))


def _x(at: int) -> float:
    return LEFT + 160 * (at + 0.5)


def svg(models: Mapping[str, Mapping[Stage, Tally]]) -> str:
    """Each model at each stated confidence, with its 95% interval. Models below a step promise too much."""
    right = LEFT + 160 * len(LEVELS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" role="img" '
        'aria-label="Share of right answers at each stated confidence, by noise model">',
        STYLE,
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for at, level in enumerate(LEVELS):
        x, y = LEFT + 160 * at, _y(level)
        parts.append(f'<rect class="lies" x="{x}" y="{y:.1f}" width="160" height="{TOP + ROOM - y:.1f}"/>')
        parts.append(f'<path class="axis" stroke-dasharray="5 3" d="M{x} {y:.1f}h160"/>')
        parts.append(_text(_x(at), TOP + ROOM + 20, f"stated {level:g}", "middle"))
    for tick in TICKS:
        parts.append(f'<path class="faint" d="M{LEFT - 5} {_y(tick):.1f}h5"/>')
        parts.append(_text(LEFT - 9, _y(tick) + 4, f"{tick:g}", "end"))
    parts.append(_text(LEFT - 9, TOP + 4, "1", "end"))
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{TOP + ROOM}H{right}"/>')
    parts.append(_text(LEFT, TOP - 16, "share of right answers, with 95% interval"))
    parts.append(_text(LEFT, HEIGHT - 12, "red: where less would be kept than is stated"))
    for row, (name, tallies) in enumerate(models.items()):
        parts += _model(name, tallies, COLOURS[row % len(COLOURS)], row, len(models))
    return "\n".join([*parts, "</svg>\n"])


def _model(name: str, tallies: Mapping[Stage, Tally], colour: str, row: int, rows: int) -> list[str]:
    y = TOP + 10 + 22 * row
    parts = [
        f'<circle cx="{LEFT + 160 * len(LEVELS) + 16}" cy="{y}" r="5" fill="{colour}"/>',
        _text(LEFT + 160 * len(LEVELS) + 27, y + 4, name),
    ]
    for at, level in enumerate(LEVELS):
        share, low, high = tallies[level].right
        x = _x(at) + 40 * (row - (rows - 1) / 2)
        parts.append(
            f'<path stroke="{colour}" stroke-width="2" d="M{x:.1f} {_y(low):.1f}V{_y(high):.1f}"/>'
            f'<circle cx="{x:.1f}" cy="{_y(share):.1f}" r="5" fill="{colour}"/>'
        )
    return parts


def _text(x: float, y: float, said: str, anchor: str = "start") -> str:
    return f'<text class="ink" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(said)}</text>'
