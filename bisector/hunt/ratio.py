"""The ratio of two runs that were not made as a pair."""

from __future__ import annotations

from typing import Any

from bisector.predicate import Measured, Predicate, Run


def ratio_of(predicate: Predicate[Any], run: Run, earlier: Run) -> float | None:
    """What `predicate` makes of `run` against `earlier`; None where it gives no value."""
    try:
        judgement = predicate.judge(run, earlier)
    except Exception:  # A plug-in may object to two runs of the reference; then nothing is known.
        return None
    return judgement.value if isinstance(judgement, Measured) else None
