"""The result of `verify`: before, regressed and fixed, with every requirement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from bisector.errors import ExitCode
from bisector.history.commit import CommitInfo
from bisector.phases.guest import Side
from bisector.phases.guest_json import as_json
from bisector.phases.quantify import NONE, ratio, user_time
from bisector.phases.result import Bullets, Paragraph, Result, Table
from bisector.phases.verify import Holds, Verified

_EXIT_CODES = {Holds.YES: 0, Holds.NO: ExitCode.CHECK_FAILED, Holds.UNKNOWN: ExitCode.INCONCLUSIVE}
_TITLES = {Holds.YES: "all requirements met", Holds.NO: "the fix is incomplete", Holds.UNKNOWN: "undecided"}


def verification(verified: Sequence[Verified], fix: CommitInfo, within: float, keys: Sequence[str]) -> Result:
    """The table, the requirements and the answer; `keys` are the keys of the guests' hunts."""
    found = {guest.holds for guest in verified}
    overall = next((h for h in (Holds.NO, Holds.UNKNOWN) if h in found), Holds.YES)
    answer = _answer(overall, verified, fix)
    return Result(
        phase="verify",
        key=hashlib.sha256("\0".join([fix.id, f"{within:g}", *sorted(keys)]).encode()).hexdigest()[:40],
        hunt=", ".join(guest.fixed.name for guest in verified),
        title=f"Phase 5, verify {fix.short}: {_TITLES[overall]}",
        blocks=(
            Paragraph(
                f"The fix is {fix.short} {fix.subject}; it may take up to {within:g}x good's user time."
            ),
            _table(verified),
            Bullets(tuple(map(_requirements, verified))),
            Paragraph(answer, strong=True),
        ),
        data={
            "fix": fix.id,
            "within": within,
            "answer": answer,
            "holds": overall is Holds.YES,
            "guests": list(map(_as_json, verified)),
        },
        exit_code=int(_EXIT_CODES[overall]),
    )


def _answer(overall: Holds, verified: Sequence[Verified], fix: CommitInfo) -> str:
    if overall is Holds.YES:
        return f"Verified: {fix.short} fixes every hunt's tests."
    missing = []
    for guest in verified:
        names = dict.fromkeys(demand.name for demand in guest.demands if demand.holds is overall)
        missing += [f"{guest.fixed.name} ({', '.join(names)})"] if names else []
    return f"Not verified, {_TITLES[overall]}: {'; '.join(missing)}."


def _table(verified: Sequence[Verified]) -> Table:
    head = ("Hunt", "Before", "Regressed", "Fixed", "Fixed / before", "Tests", "Holds")
    return Table(head, tuple(map(_row, verified)), frozenset({1, 2, 3, 4, 5}))


def _row(guest: Verified) -> tuple[str, ...]:
    board = guest.fixed.bad.board
    return (
        guest.fixed.name,
        _took(guest.fixed.good),
        _took(guest.regressed.bad) if guest.regressed.bad.runs else NONE,
        _took(guest.fixed.bad),
        ratio(guest.fixed.effect),
        str(board.total) if board else NONE,
        guest.holds.value,
    )


def _requirements(guest: Verified) -> str:
    """Every requirement with its finding, failed ones first."""
    order = (Holds.NO, Holds.UNKNOWN, Holds.YES)
    demands = sorted(guest.demands, key=lambda demand: order.index(demand.holds))
    listed = "; ".join(f"{demand.name}: {demand.holds.value} ({demand.why})" for demand in demands)
    return f"{guest.fixed.name}: {listed}"


def _took(side: Side) -> str:
    """User time per test, or the outcome if there is none."""
    return user_time(side.per_test) if side.passes and side.per_test else side.outcome


def _as_json(guest: Verified) -> dict[str, Any]:
    regressed = as_json(guest.regressed)
    fixed = as_json(guest.fixed)
    return {
        "guest": guest.fixed.name,
        "holds": guest.holds is Holds.YES,
        "before": fixed["good"],
        "regressed": regressed["bad"],
        "fixed": fixed["bad"],
        "ratio": fixed["ratio"],
        "interval": fixed["interval"],
        "pairs": fixed["pairs"],
        "demands": [
            {"name": d.name, "holds": {Holds.YES: True, Holds.NO: False}.get(d.holds), "why": d.why}
            for d in guest.demands
        ],
    }
