"""Phase 5: compares a fix with the good commit in speed, scoreboard and watchdogs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial

from bisector.errors import HuntFileError
from bisector.hunt.conclusion import Effect
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import opened
from bisector.hunt.session import Session
from bisector.hunt.taking import take
from bisector.phases.guest import Guest, guest_of
from bisector.phases.scoreboard import Scoreboard, from_json, losses
from bisector.predicate import Bad, Measured, Undecided, Untestable
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from bisector.units import format_duration
from bisector.watchdog.deadline import deadlines_in
from bisector.watchdog.scripts import scripts_of, text_at


class Holds(Enum):
    """Whether a requirement is met; the values are shown to the user."""

    YES = "yes"
    NO = "NO"
    UNKNOWN = "undecided"


@dataclass(frozen=True, slots=True)
class Demand:
    """One requirement for a fix, whether it is met, and the finding."""

    name: str
    holds: Holds
    why: str


@dataclass(frozen=True)
class Verified:
    """A guest at a fix: `fixed.bad` is the fix; `regressed` is bad, from earlier readings if any."""

    fixed: Guest
    regressed: Guest
    demands: Sequence[Demand]

    @property
    def holds(self) -> Holds:
        """The combined result of all requirements."""
        found = {demand.holds for demand in self.demands}
        return next((h for h in (Holds.NO, Holds.UNKNOWN) if h in found), Holds.YES)


def verify_guest(session: Session, fix: str, within: float, listener: Listener, since: datetime) -> Verified:
    """Measure `fix` (a full id), alternating with good, until its ratio is clearly on one side of `within`.

    Reuses readings of the same fix since `since`. Raises `HuntFileError` if the hunt names a baseline that
    bad does not have.
    """
    plan, ground = session.plan, session.ground
    baseline = _baseline(session)
    with ground.scratch.held(session.key), opened(ground.scratch) as journal:
        row = session.row(journal)
        taken = journal.readings(row.id)
        readings = [
            r
            for r in taken
            if r.role is Role.VERIFICATION
            and r.commit == fix
            and r.at >= since
            and not isinstance(r.judgement, Undecided)
        ]
        clean_leftovers()
        ends = {"good": plan.good[0], "bad": plan.bad}
        with reader_for(ground, session.key, ends, journal.taken(row.id), listener, full_run=True) as engine:
            while not _enough(session, fix, readings, within):
                request = Request(fix, Role.VERIFICATION, plan.good[0])
                request = reviewed_by(request, plan.good[0], plan.bad, taken)
                readings.append(take(engine, request, partial(journal.add, row.id), listener))
    premise = [r for r in taken if r.role is Role.PREMISE]
    fixed = guest_of(ground, plan.good[0], fix, readings)
    regressed = guest_of(ground, plan.good[0], plan.bad, premise)
    listener(Noted(f"user time of the fix relative to good: {fixed.effect or fixed.bad.outcome}"))
    demands = [
        *_speed(fixed, within, good_runs=fixed.good.passes or regressed.good.passes),
        *_verdict(fixed, readings),
        _scoreboard(fixed, baseline or fixed.good.board, regressed),
        *_watchdogs(session, fix),
    ]
    return Verified(fixed, regressed, demands)


def _enough(session: Session, fix: str, readings: Sequence[Reading], within: float) -> bool:
    """Whether the readings decide, or the hunt allows no more."""
    repeats = session.ground.repeats
    if readings and isinstance(readings[-1].judgement, Bad | Untestable):
        return True
    if len(readings) < repeats.least:
        return False
    guest = guest_of(session.ground, session.plan.good[0], fix, readings)
    effects = [effect for effect in (guest.effect, guest.own) if effect]
    decided = all(_side_of(effect, within) is not Holds.UNKNOWN for effect in effects)
    return decided or len(readings) >= repeats.most


def _side_of(effect: Effect, within: float) -> Holds:
    if effect.high <= within:
        return Holds.YES
    return Holds.NO if effect.low > within else Holds.UNKNOWN


def _speed(fixed: Guest, within: float, *, good_runs: bool) -> list[Demand]:
    """The ratio to good in user time per test and in the hunt's own measure.

    A fix without a figure fails if good is known to have one (`good_runs`).
    """
    demands = [
        Demand(f"{what} within {within:g}x", _side_of(effect, within), str(effect))
        for what, effect in (("user time", fixed.effect), ("the hunt's own measure", fixed.own))
        if effect is not None
    ]
    if fixed.effect is None:
        why = fixed.bad.why_not or f"outcome at good: {fixed.good.outcome}; at the fix: {fixed.bad.outcome}"
        holds = Holds.NO if good_runs and not fixed.bad.passes else Holds.UNKNOWN
        demands.insert(0, Demand(f"user time within {within:g}x", holds, why))
    return demands


def _verdict(fixed: Guest, readings: Sequence[Reading]) -> list[Demand]:
    """The verdict of the hunt's predicate on the fix, if it gives verdicts and the test ran."""
    judgement = readings[-1].judgement
    if isinstance(judgement, Measured) or not fixed.bad.runs:
        return []
    failed = next((r.judgement for r in readings if isinstance(r.judgement, Bad | Untestable)), None)
    if failed is None:
        return [Demand("judged good", Holds.YES, judgement.why)]
    return [Demand("judged good", Holds.NO if isinstance(failed, Bad) else Holds.UNKNOWN, failed.why)]


def _scoreboard(fixed: Guest, baseline: Scoreboard | None, regressed: Guest) -> Demand:
    """No suite passes fewer tests than at the baseline or before the fix."""
    name, now = "scoreboard", fixed.bad.board
    if now is None and baseline is None and fixed.good.passes:
        return Demand("test passes", Holds.YES if fixed.bad.passes else Holds.NO, fixed.bad.outcome)
    if now is None or baseline is None:
        where = "the fix" if now is None else "the baseline"
        return Demand(name, Holds.UNKNOWN, f"the test does not report what passed at {where}")
    lost = losses(now, baseline)
    if regressed.bad.board:
        lost += [loss for loss in losses(now, regressed.bad.board) if loss not in lost]
    totals = f"{now.total}, baseline {baseline.total}"
    return Demand(name, Holds.NO if lost else Holds.YES, f"{totals}: {'; '.join(lost)}" if lost else totals)


def _watchdogs(session: Session, fix: str) -> list[Demand]:
    """No deadline in the test's scripts is longer at the fix than at good."""
    repository, test = session.ground.repository, session.ground.hunt.test
    before, after = (scripts_of(repository, commit, test) for commit in (session.plan.good[0], fix))
    demands = []
    for script in (script for script in before if script in after):
        was, now = (
            {d.name: d.seconds for d in deadlines_in(texts[script], script)} for texts in (before, after)
        )
        if not was:
            continue
        longer = [
            f"{name} {format_duration(now[name])}, at good {format_duration(seconds)}"
            for name, seconds in was.items()
            if now.get(name, 0.0) > seconds
        ]
        listed = ", ".join(f"{name} {format_duration(seconds)}" for name, seconds in now.items()) or "none"
        why = f"{script}: {'; '.join(longer) or listed}"
        demands.append(Demand("watchdog restored", Holds.NO if longer else Holds.YES, why))
    return demands


def _baseline(session: Session) -> Scoreboard | None:
    """The baseline file of the hunt at bad; None if the hunt names none."""
    hunt = session.ground.hunt
    if hunt.suites is None or hunt.suites.baseline is None:
        return None
    path, bad = hunt.suites.baseline, session.plan.bad
    where = f"{hunt.locate('suites', 'baseline')}: suites.baseline"
    text = text_at(session.ground.repository, bad, path)
    if text is None:
        raise HuntFileError(
            f"{where}: bad {bad[:12]} has no file {path}; name another file or remove the key"
        )
    board = from_json(text)
    if board is None:
        raise HuntFileError(f"{where}: {path} has no suites with `passed` and `total`; name another file")
    return board
