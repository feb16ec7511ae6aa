"""A reliability plot as SVG: stated probability against the share of right answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BINS = (0.5, 0.7, 0.8, 0.9, 0.96, 0.985, 0.9925, 0.9975, 1.0)
SIDE, MARGIN = 320, 50


def binned(stated: Sequence[tuple[float, bool]]) -> list[tuple[float, float, int]]:
    """Mean stated probability, share of right answers, and count of each bin with answers."""
    rows = []
    for low, high in pairwise(BINS):
        inside = [one for one in stated if low <= one[0] < high or (high == 1 and one[0] == 1)]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            rows.append((mean, sum(right for _, right in inside) / len(inside), len(inside)))
    return rows


def svg(stated: Sequence[tuple[float, bool]]) -> str:
    """The plot, with bars of two standard errors."""

    def x(p: float) -> float:
        return MARGIN + (p - 0.5) * 2 * SIDE

    def y(p: float) -> float:
        return MARGIN + SIDE - (p - 0.5) * 2 * SIDE

    size = SIDE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{size}" height="{size}" fill="white"/>',
        f'<path d="M{x(0.5)} {y(0.5)}L{x(1)} {y(1)}" stroke="#999" stroke-dasharray="4"/>',
        f'<path d="M{x(0.5)} {y(1)}V{y(0.5)}H{x(1)}" fill="none" stroke="black"/>',
    ]
    for tick in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        parts.append(f'<text x="{x(tick):.0f}" y="{y(0.5) + 18}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{x(0.5) - 8}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick}</text>')
    for mean, right, count in binned(stated):
        error = 2 * math.sqrt(max(right * (1 - right), 1 / count) / count)
        low, high = max(right - error, 0.5), min(right + error, 1.0)
        parts.append(f'<path d="M{x(mean):.1f} {y(low):.1f}V{y(high):.1f}" stroke="#36c"/>')
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{y(right):.1f}" r="4" fill="#36c"/>')
    parts.append(f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">stated probability</text>')
    parts.append(f'<text x="{size / 2}" y="{MARGIN - 20}" text-anchor="middle">share of right answers</text>')
    return "\n".join([*parts, "</svg>\n"])
