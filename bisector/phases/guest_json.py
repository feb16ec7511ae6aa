"""A guest's figures as JSON."""

from __future__ import annotations

import math
from typing import Any

from bisector.phases.guest import Guest, Side


def as_json(guest: Guest) -> dict[str, Any]:
    """A guest as JSON values; times in seconds, null if unknown."""
    effect = guest.effect
    return {
        "guest": guest.name,
        "good": _side_json(guest.good),
        "bad": _side_json(guest.bad),
        "ratio": effect.ratio if effect else None,
        "interval": [effect.low, _finite(effect.high)] if effect else None,
        "pairs": effect.pairs if effect else 0,
        "slower": guest.slower,
        "broken": guest.broken,
        "per_test": guest.grown,
    }


def _finite(number: float) -> float | None:
    """None for infinity, which JSON lacks."""
    return number if math.isfinite(number) else None


def _side_json(side: Side) -> dict[str, Any]:
    board = side.board
    return {
        "commit": side.commit,
        "outcome": side.outcome,
        "why_not": side.why_not or None,
        "runs": len(side.runs),
        "wall": side.wall,
        "user": side.user,
        "user_per_test": side.per_test,
        "passed": board.total.passed if board else None,
        "total": board.total.total if board else None,
        "suites": {name: [s.passed, s.total] for name, s in board.suites.items()} if board else {},
        "worst_suite": (board.worst if board else "") or None,
        "load": side.load,
        "cpu_share": side.cpu_share,
    }
