"""The belief of a running search: how probable each candidate is, along the history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.record import CommitInfo, HuntRecord
from bisector.report import findings
from bisector.report.findings import counted, percent

_NARROWEST = 4.0
"""Width of a bar in pixels; in a longer range, a bar stands for several candidates."""
_LIKELIEST = 5
_NEARLY_ALL = 0.999
"""Share of the probability that the candidates count as left with."""


@dataclass(frozen=True, slots=True)
class BeliefBar:
    """The probability of one candidate, or of several neighbours together; sizes in pixels."""

    x: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class BeliefPicture:
    """Geometry in pixels, ready to draw, and the likeliest candidates with their probabilities."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    bars: tuple[BeliefBar, ...]
    good: str
    bad: str
    likeliest: tuple[tuple[str, CommitInfo | None, float], ...]
    description: str


def belief_picture(record: HuntRecord, width: float) -> BeliefPicture | None:
    """The posterior over all candidates at a width in pixels; None before the search."""
    if not record.posterior or not record.candidates:
        return None
    left, right, top, bottom = 16.0, width - 16.0, 8.0, 96.0
    size = math.ceil(len(record.candidates) / max(int((right - left) / _NARROWEST), 1))
    groups = [record.candidates[at : at + size] for at in range(0, len(record.candidates), size)]
    odds = [math.fsum(record.posterior.get(commit, 0.0) for commit in group) for group in groups]
    step, highest = (right - left) / len(groups), max(odds) or 1.0
    bars = [
        BeliefBar(
            left + at * step,
            max(step - 1.0, 1.0),
            max((bottom - top) * share / highest, 1.0),
            f"{_named(groups[at])}: {percent(share)}",
        )
        for at, share in enumerate(odds)
        if share > (1 - _NEARLY_ALL) * highest
    ]
    return BeliefPicture(
        width=width,
        height=bottom + 20,
        left=left,
        right=right,
        bottom=bottom,
        bars=tuple(bars),
        good=f"{record.terms.old} {record.good[0].id[:8]}",
        bad=f"{record.terms.new} {record.bad.id[:8]}",
        likeliest=_likeliest(record),
        description=_description(record),
    )


def _named(group: Sequence[str]) -> str:
    return group[0][:12] if len(group) == 1 else f"{group[0][:12]} to {group[-1][:12]}"


def _likeliest(record: HuntRecord) -> tuple[tuple[str, CommitInfo | None, float], ...]:
    best = sorted(record.posterior.items(), key=lambda one: -one[1])[:_LIKELIEST]
    return tuple((commit, findings.commit_info(record, commit), share) for commit, share in best)


def _description(record: HuntRecord) -> str:
    total = math.fsum(record.posterior.values())
    left, held = 0, 0.0
    for share in sorted(record.posterior.values(), reverse=True):
        if held >= _NEARLY_ALL * total:
            break
        left, held = left + 1, held + share
    return f"Nearly all of it is left to {left:,} of {counted(len(record.candidates), 'candidate')}."
