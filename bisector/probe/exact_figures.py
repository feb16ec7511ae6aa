"""Whether the runs of a measured hunt give the same figure every time."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from bisector.predicate import Measured, Predicate, Run
from bisector.probe.reading import Reading

if TYPE_CHECKING:
    from bisector.probe.early import Endpoints


def figures_repeat(predicate: Predicate[Any], endpoints: Endpoints) -> bool:
    """Whether each endpoint was measured at least twice, with the same figure to the last digit.

    The runs of the reference count as runs of the good endpoint.
    """
    good, bad = _runs(endpoints.good), _runs(endpoints.bad)
    references = [r.reference for r in (*endpoints.good, *endpoints.bad) if r.reference]
    return _agree(predicate, [*good, *references]) and _agree(predicate, bad)


def _runs(readings: Collection[Reading]) -> list[Run]:
    return [r.run for r in readings if r.run and isinstance(r.judgement, Measured)]


def _agree(predicate: Predicate[Any], runs: list[Run]) -> bool:
    return len(runs) > 1 and all(predicate.is_exact(runs[0], run) for run in runs[1:])
