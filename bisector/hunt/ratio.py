"""The ratio of two runs that were not made as a pair."""

from __future__ import annotations

from typing import Any

from bisector.predicate import Measured, Predicate, Run


def ratio_of(predicate: Predicate[Any], run: Run, earlier: Run) -> float | None:
    """The value that `predicate` measures for `run` against `earlier`; None if it gives none."""
    try:
        judgement = predicate.judge(run, earlier)
    except Exception:  # A plug-in may refuse two runs of the reference; then the ratio is unknown.
        return None
    return judgement.value if isinstance(judgement, Measured) else None
