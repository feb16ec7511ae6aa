"""The way down from an answer in the journal: a result beside the rows of its hunts."""

from __future__ import annotations

from collections.abc import Sequence

from bisector.hunt.conclusion import SPENT, Conclusion, FirstBad
from bisector.hunt.descend.level import Level, level_from_json, level_to_json
from bisector.hunt.journal import Journal

_PHASE = "descent"
"""The journal's name for it."""


def keep(journal: Journal, key: str, found: FirstBad, levels: Sequence[Level]) -> None:
    """Write the way down from this answer of the hunt `key`."""
    document = {"commit": found.commit, "levels": [level_to_json(level) for level in levels]}
    journal.add_result(_PHASE, key, document)


def descent_in(journal: Journal, key: str, conclusion: Conclusion | None) -> tuple[Level, ...]:
    """The way down from this answer of the hunt `key`, as far as it was gone; empty if it was not."""
    results = journal.results(_PHASE, key) if isinstance(conclusion, FirstBad) else []
    if not results or results[-1].document["commit"] != getattr(conclusion, "commit", ""):
        return ()
    return tuple(map(level_from_json, results[-1].document["levels"]))


def is_under_way(journal: Journal, key: str) -> bool:
    """Whether the last start of the hunt `key` was stopped on its way down, or had no budget for the rest."""
    results = journal.results(_PHASE, key)
    if not results:
        return False
    levels = tuple(map(level_from_json, results[-1].document["levels"]))
    return not levels or any(level.why == SPENT for level in levels)
