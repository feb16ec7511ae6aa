"""The figures of a hunt as the tiles of the HTML report: the same as the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bisector.hunt.record import HuntRecord
from bisector.report import bounds, findings
from bisector.report.findings import counted, duration
from bisector.report.saved import saved


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure, with its name above and the words that explain it below."""

    name: str
    figure: str
    beside: str


def tiles(record: HuntRecord) -> list[Tile]:
    """The tiles in the order of the terminal's figures; without those that do not apply."""
    return [tile for found in (_ratio, _confidence, _probes, _time, _saved, _ahead) for tile in found(record)]


def _ratio(record: HuntRecord) -> Iterator[Tile]:
    effect, least = findings.effect(record), bounds.at_least(record)
    over = record.terms.over.capitalize()
    if effect is not None:
        evidence = findings.evidence(effect)
        interval = f"{effect.low:.2f} to {effect.high:.2f} ({evidence})"
        yield Tile(over, f"{effect.ratio:.2f}x", interval if effect.has_interval else evidence)
    elif least is not None:
        yield Tile(over, f"\u2265 {least:.1f}x", "runs stopped early")


def _confidence(record: HuntRecord) -> Iterator[Tile]:
    certainty, _, confirmed = findings.certainty(record).partition(", ")
    if certainty:
        # Only the first word of a sentence fits in large letters.
        figure, _, words = certainty.partition(" ")
        yield Tile("Confidence", figure, ", ".join(filter(None, (words, confirmed))))


def _probes(record: HuntRecord) -> Iterator[Tile]:
    figure, _, untestable = findings.probes(record).partition(", ")
    candidates = f"of {counted(len(record.candidates), 'candidate')}"
    yield Tile("Probes", figure, "; ".join(filter(None, (candidates, untestable))))


def _time(record: HuntRecord) -> Iterator[Tile]:
    seconds = findings.seconds(record)
    if seconds is not None:
        yield Tile("Time", duration(seconds), counted(len(record.readings), "reading"))


def _saved(record: HuntRecord) -> Iterator[Tile]:
    early = saved(record)
    if early:
        yield Tile("Saved, about", duration(early.seconds), f"{counted(early.runs, 'run')} stopped early")


def _ahead(record: HuntRecord) -> Iterator[Tile]:
    built = record.ahead
    if built:
        unused = f"; {built.unused} unused, {duration(built.unused_seconds)}" if built.unused else ""
        yield Tile("Prefetched builds", str(built.builds), f"{duration(built.seconds)}{unused}")
