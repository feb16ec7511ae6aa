"""Lower bounds of ratios whose runs were stopped early."""

from __future__ import annotations

from bisector.hunt.record import HuntRecord, Reading, Role
from bisector.predicate import Bad, Measured
from bisector.report import findings


def at_least(record: HuntRecord) -> float | None:
    """A lower bound of the ratio if its runs were stopped early; None if it was measured or unknown."""
    if findings.effect(record) is not None:
        return None
    for role in (Role.CONFIRMATION, Role.PREMISE):
        found = [
            r.judgement.at_least for r in record.readings if r.role is role and isinstance(r.judgement, Bad)
        ]
        bounds = [bound for bound in found if bound is not None]
        if bounds:
            return min(bounds)
    return None


def level(reading: Reading) -> float | None:
    """The measured ratio, or the one reached by a run that was stopped early; None for a verdict."""
    match reading.judgement:
        case Measured(value):
            return value
        case Bad(at_least=reached) if reading.against:
            return reached
    return None


def bound(record: HuntRecord) -> str:
    """`at_least` as text; empty if it is None."""
    least = at_least(record)
    return "" if least is None else f"at least {least:.1f}x (runs stopped early; `pairs.whole` measures it)"
