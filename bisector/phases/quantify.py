"""Phase 1: how much slower each guest became between good and bad, and whether all did equally."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from datetime import datetime

from bisector.errors import UsageError
from bisector.hunt.conclusion import Effect
from bisector.hunt.events import Listener
from bisector.hunt.session import Session
from bisector.phases.endpoints import read_endpoints
from bisector.phases.guest import Guest, Side, guest_of
from bisector.phases.guest_json import as_json
from bisector.phases.premise_check import premise_check
from bisector.phases.result import Block, Bullets, Paragraph, Result, Table
from bisector.report.findings import duration
from bisector.units import format_seconds

ALIKE = 3.0
"""Guests whose ratios are within this factor of each other count as uniformly slower."""

NONE = "–"
"""An empty table cell."""


def measure(session: Session, listener: Listener, since: datetime) -> Guest:
    """One guest at both endpoints of its hunt, from readings since `since`.

    Raises `UsageError` if the hunt has `suites` but a finished test reports none.
    """
    readings = read_endpoints(session, listener, since)
    guest = guest_of(session.ground, session.plan.good[0], session.plan.bad, readings)
    hunt = session.ground.hunt
    if hunt.suites and guest.good.passes and guest.good.board is None:
        raise UsageError(
            f"{hunt.locate('suites')}: suites: the test at good {guest.good.commit[:12]} does not "
            "report what passed; correct the pattern or name the scoreboard"
        )
    return guest


def quantify(guests: Sequence[Guest], keys: Sequence[str]) -> Result:
    """The plan's table and answer; `keys` are the keys of the guests' hunts."""
    answer = answered(guests)
    blocks: list[Block] = [_sides(guests), _ratios(guests)]
    notes = tuple(note for guest in guests for note in _notes(guest))
    blocks += [Bullets(notes)] if notes else []
    blocks += [Paragraph(_machine_state(guests)), *premise_check(guests), Paragraph(answer, strong=True)]
    return Result(
        phase="quantify",
        key=hashlib.sha256("\0".join(sorted(keys)).encode()).hexdigest()[:40],
        hunt=", ".join(guest.name for guest in guests),
        title=f"Phase 1, reproduce and quantify: {_headline(guests)}",
        blocks=tuple(blocks),
        data={"answer": answer, "verdict": _headline(guests), "guests": [as_json(g) for g in guests]},
    )


def answered(guests: Sequence[Guest]) -> str:
    """Whether the slowdown is uniform or a guest stands out, in one or two sentences."""
    measured = [g for g in guests if g.effect or g.broken]
    hit, spared = [g for g in measured if g.slower or g.broken], [g for g in measured if not _hit(g)]
    slower = [g.effect.ratio for g in hit if g.effect and g.slower]
    per_test = " The numbers of tests differ, so the comparison is per test." if _grown(guests) else ""
    if not measured:
        return "No answer: no guest could be tested at both endpoints."
    if not hit:
        return f"No regression: {_bounded(measured)}.{per_test}"
    if len(measured) == 1:
        return f"There is a regression: {_listed(hit)}; one guest alone does not show where.{per_test}"
    if spared:
        return (
            f"It varies: {_listed(hit)} {_stand(hit)} out, {_names(spared)} {_do(spared)} not; "
            f"a guest-specific path is implicated.{per_test}"
        )
    if slower and max(slower) > ALIKE * min(slower):
        worst = max((g for g in hit if g.slower), key=_ratio_of)
        return (
            f"{_every(hit).capitalize()} guests are hit, so the cause is in the substrate, but not alike: "
            f"{_listed(hit)}; {worst.name} stands out.{per_test}"
        )
    if len(slower) == len(hit):
        figures = f"{_every(hit)} guests are slower, by {min(slower):.1f}x to {max(slower):.1f}x"
        return f"Uniform: {figures}; a substrate-wide cause.{per_test}"
    return f"{_every(hit).capitalize()} guests are hit: {_listed(hit)}; a substrate-wide cause.{per_test}"


def _headline(guests: Sequence[Guest]) -> str:
    hit = [g for g in guests if _hit(g)]
    measured = [g for g in guests if g.effect or g.broken]
    if not hit:
        return "no regression" if measured else "nothing could be compared"
    if len(hit) < len(measured):
        return f"{_names(hit)} {_stand(hit)} out of {len(measured)} guests"
    return "substrate-wide" if len(hit) > 1 else f"{hit[0].name} is hit"


def _hit(guest: Guest) -> bool:
    return guest.slower or guest.broken


def _ratio_of(guest: Guest) -> float:
    return guest.effect.ratio if guest.effect else 0.0


def _grown(guests: Sequence[Guest]) -> bool:
    return any(guest.grown for guest in guests)


def _listed(guests: Sequence[Guest]) -> str:
    """`tcl (2.1x slower), prolog (OOM-killed)`."""
    how = (f"{g.effect.ratio:.1f}x slower" if g.slower and g.effect else g.bad.outcome for g in guests)
    return ", ".join(f"{g.name} ({outcome})" for g, outcome in zip(guests, how, strict=True))


def _bounded(guests: Sequence[Guest]) -> str:
    worst = max((g for g in guests if g.effect), key=_ratio_of)
    return f"the slowest guest, {worst.name}, takes {worst.effect} of its time at good"


def _names(guests: Sequence[Guest]) -> str:
    *most, last = (guest.name for guest in guests)
    return f"{', '.join(most)} and {last}" if most else last


def _every(guests: Sequence[Guest]) -> str:
    return "both" if len(guests) == 2 else f"all {len(guests)}"


def _do(guests: Sequence[Guest]) -> str:
    return "does" if len(guests) == 1 else "do"


def _stand(guests: Sequence[Guest]) -> str:
    return "stands" if len(guests) == 1 else "stand"


def _sides(guests: Sequence[Guest]) -> Table:
    """Both endpoints of each guest, one row each."""
    head = ("Guest", "At", "Outcome", "Tests", "Wall", "User", "Per test", "Load", "CPU")
    rows = [_side_row(g.name, at, side) for g in guests for at, side in (("good", g.good), ("bad", g.bad))]
    return Table(head, tuple(rows), frozenset({3, 4, 5, 6, 7, 8}))


def _side_row(name: str, at: str, side: Side) -> tuple[str, ...]:
    least = "" if side.full_runs else "over "
    return (
        name if at == "good" else "",
        at,
        side.outcome,
        str(side.board.total) if side.board else NONE,
        f"{least}{duration(side.wall)}" if side.wall is not None else NONE,
        f"{least}{duration(side.user)}" if side.user is not None else NONE,
        user_time(side.per_test),
        f"{side.load:.1f}" if side.load is not None else NONE,
        f"{side.cpu_share:.0%}" if side.cpu_share is not None else NONE,
    )


def _ratios(guests: Sequence[Guest]) -> Table:
    """The plan's cross-guest table."""
    head = ("Guest", "Good total", "Bad total", "Ratio", "Worst suite, good", "Worst suite, bad")
    rows = tuple(
        (
            g.name,
            *(_total(side) for side in (g.good, g.bad)),
            ratio(g.effect),
            *((side.board.worst if side.board else "") or NONE for side in (g.good, g.bad)),
        )
        for g in guests
    )
    return Table(head, rows, frozenset({1, 2, 3}))


def _total(side: Side) -> str:
    if side.user is None:
        return "n/a"
    return duration(side.user) if side.full_runs else f"over {duration(side.user)}"


def user_time(seconds: float | None) -> str:
    """User time per test in the plan's format."""
    return format_seconds(seconds) if seconds is not None else NONE


def ratio(effect: Effect | None) -> str:
    """A ratio with its interval, which a single pair does not have."""
    if effect is None:
        return "n/a"
    return str(effect) if math.isfinite(effect.high) else f"{effect.ratio:.2f}x"


def _notes(guest: Guest) -> list[str]:
    """Notes on the tables: why a guest is n/a, and the hunt's own measure."""
    notes = [
        f"{guest.name} at {at} {side.commit[:12]}: n/a, {side.why_not}"
        for at, side in (("good", guest.good), ("bad", guest.bad))
        if side.why_not
    ]
    if guest.own:
        notes.append(f"{guest.name} by its hunt's own measure: {guest.own}")
    return notes


def _machine_state(guests: Sequence[Guest]) -> str:
    sides = [side for g in guests for side in (g.good, g.bad)]
    loads = [s.load for s in sides if s.load is not None]
    shares = [s.cpu_share for s in sides if s.cpu_share is not None]
    text = f"Machine state during measurement: {os.cpu_count()} CPUs"
    if loads:
        text += f", load average {min(loads):.1f} to {max(loads):.1f}"
    if shares:
        text += f"; tests got {min(shares):.0%} to {max(shares):.0%} of a CPU"
    return f"{text}. Ratios compare user time per test of alternating runs, which load hardly affects."
