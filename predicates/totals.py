"""Totals such as `total: 376/376` in a test's output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from re import Pattern

from bisector.predicate import Match

PASSED_OF_TOTAL = r"(?<![\w/.-])(?P<passed>\d+)\s*/\s*(?P<total>\d+)(?![\w/])"
"""`passed/total`, but not a date or a path."""


def number_in(matches: Sequence[Match], pattern: Pattern[str], group: str) -> float | None:
    """The number in the last match: in the group of that name, else in the pattern's last group."""
    if not matches or not pattern.groups:
        return None
    index = pattern.groupindex.get(group, pattern.groups)
    groups = matches[-1].groups
    try:
        number = float((groups[index - 1] or "").replace(",", "").replace("_", ""))
    except (IndexError, ValueError):
        return None
    return number if math.isfinite(number) else None
