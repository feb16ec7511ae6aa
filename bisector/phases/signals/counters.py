"""Counters that a test prints, such as `allocated_words: 12345` or `rounds=7`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bisector.predicate import Match, Run

LINE = r"[A-Za-z_][\w./-]*\s*[=:]\s*\d"
"""A line that may hold a counter."""
_NUMBER = r"\d[\d_,]*(?:\.\d+)?(?![\w:/-]|\.\d)"
"""A number that is no date, time of day or version."""
_COUNTER = re.compile(rf"(?<!\S)(?P<name>[A-Za-z_][\w./-]*)\s*[=:]\s*{_NUMBER}")


def pattern_of(name: str) -> str:
    """The `pattern` of the predicate `counter` for the counter `name`."""
    return rf"(?<!\S){re.escape(name)}\s*[=:]\s*([\d.,_]+)"


def names_in(runs: Sequence[Run]) -> list[str]:
    """The counters that every run printed, in the order of the first run."""
    seen = [dict.fromkeys(_names(run)) for run in runs]
    return [name for name in seen[0] if all(name in one for one in seen)] if seen else []


def _names(run: Run) -> list[str]:
    lines = run.matches.get(LINE, ())
    return [found["name"] for line in lines for found in _COUNTER.finditer(line.text)]


def with_counter(run: Run, pattern: str) -> Run:
    """The run with the lines that match a counter's pattern, as if it had been run with it."""
    found = (
        Match(line.at, line.text, match.groups())
        for line in run.matches.get(LINE, ())
        if (match := re.search(pattern, line.text))
    )
    return replace(run, matches={**run.matches, pattern: tuple(found)})
