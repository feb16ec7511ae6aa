"""The premise report: whether the slowdown that the plan assumes is visible, in the plan's words."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.phases.guest import Guest
from bisector.phases.result import Block, Bullets, Paragraph
from bisector.units import format_seconds


def premise_check(guests: Sequence[Guest]) -> list[Block]:
    """Conclusion - premise check: guests that are slower, and guests that are clearly broken on bad."""
    compared = [g for g in guests if g.effect]
    slower, broken = [g for g in guests if g.slower], [g for g in guests if g.broken]
    blocks: list[Block] = [Paragraph("Conclusion - premise check", strong=True)]
    if compared:
        seen = "is visible" if len(slower) == len(compared) else "is not visible"
        few = f" ({len(slower)} of {len(compared)} slower)" if 0 < len(slower) < len(compared) else ""
        blocks.append(
            Paragraph(
                f"A uniform slowdown {seen} in {_the(len(compared))} that can be measured "
                f"on both ends of the range{few}. User time per test, good against bad:"
            )
        )
        blocks.append(Bullets(tuple(map(_flow, compared))))
    if broken:
        blocks.append(Paragraph("Clearly broken on bad:"))
        blocks.append(Bullets(tuple(_what_is_broken(guest) for guest in broken)))
    return blocks


def _the(workloads: int) -> str:
    return "the one workload" if workloads == 1 else f"the {workloads} workloads"


def _flow(guest: Guest) -> str:
    """`tcl: 55.8 ms → 46.5 ms, 0.83x [0.80, 0.87] (slightly faster)`."""
    good, bad = guest.good.per_test, guest.bad.per_test
    times = f"{format_seconds(good)} → {format_seconds(bad)}, " if good and bad else ""
    return f"{guest.name}: {times}{guest.effect} ({_in_words(guest)})"


def _in_words(guest: Guest) -> str:
    effect = guest.effect
    if effect is None or guest.slower:
        return "slower"
    if effect.high < 1:
        return "faster"
    if effect.low > 1:
        return f"slower, but by less than the {guest.demanded:.2f}x of its hunt"
    return "well within noise"


def _what_is_broken(guest: Guest) -> str:
    why = f": {guest.judgements[-1].why}" if guest.judgements else ""
    return f"{guest.name}: {guest.bad.outcome}, while good {guest.good.commit[:12]} passes{why}"
