"""The tests that passed in a run by suite, and the losses of another run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bisector.hunt_file.suites import Suites
from bisector.predicate import Run
from bisector.units import format_seconds

_PASSED = ("passed", "pass", "total_passed", "total_pass")
_FAILED = ("failed", "fail", "total_failed", "total_fail")
_TOTAL = "total"
_DIGITS = 12
_TOO_MANY = 10**_DIGITS
"""Larger counts are nonsense, and Python or JSON may not be able to represent them."""
_SPREAD = 0.05
"""Least share of a run that the suites' lines span if each is printed at the end of its suite."""


@dataclass(frozen=True, slots=True)
class Score:
    """Tests of one suite; `seconds` of wall time if known."""

    passed: int
    total: int
    seconds: float | None = None

    @property
    def failed(self) -> int:
        """Tests that ran but did not pass."""
        return self.total - self.passed

    def __str__(self) -> str:
        return f"{self.passed}/{self.total}"


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All suites of a run by name, in order, their sum, and the names of failed tests if reported."""

    suites: Mapping[str, Score]
    total: Score
    failed: frozenset[str] = frozenset()

    @property
    def worst(self) -> str:
        """The slowest suite; without times the one with most failures, or most tests."""
        if not self.suites:
            return ""
        if all(score.seconds is not None for score in self.suites.values()):
            name, score = max(self.suites.items(), key=lambda item: item[1].seconds or 0.0)
            return f"{name} {format_seconds(score.seconds or 0.0)}"
        name, score = max(self.suites.items(), key=lambda item: (item[1].failed, item[1].total))
        return f"{name}, {score.failed} failed" if score.failed else f"{name}, {score.total} tests"


def scoreboard_of(run: Run, suites: Suites) -> Scoreboard | None:
    """The scoreboard of a run, from its scoreboard file or else its output; None if neither has one."""
    failed = frozenset(
        name
        for match in run.matches.get(suites.failed, ())
        if (name := _group(suites.failed, match.groups, "test"))
    )
    return from_json(run.scoreboard, failed) or _from_output(run, suites, failed)


def from_json(text: str, failed: frozenset[str] = frozenset()) -> Scoreboard | None:
    """The scoreboard in a JSON text; None if it has none.

    A suite is an object with `passed` (or `pass`) and `total` (or `failed`, `fail`), named by its key or, in
    a list, by its `name`. The same numbers at the top level are the sum.
    """
    try:
        found = dict(_scores("", json.loads(text)))
    except (ValueError, RecursionError):
        return None
    return _board(found, failed)


def losses(now: Scoreboard, before: Scoreboard) -> list[str]:
    """The losses of `now`: a phrase for each newly failed test, and for each suite that got worse.

    Added tests are no loss: a suite is worse if fewer tests pass or more fail.
    """
    lost = [f"the test {name} fails" for name in sorted(now.failed - before.failed)]
    pairs = [(name, now.suites.get(name), score) for name, score in before.suites.items()]
    for name, own, was in [*pairs, ("in total", now.total, before.total)]:
        if own is None:
            lost.append(f"the suite {name} is missing ({was} before)")
        elif own.passed < was.passed or own.failed > was.failed:
            lost.append(f"{name}: {own} pass, {was} before")
    return lost


def _from_output(run: Run, suites: Suites, failed: frozenset[str]) -> Scoreboard | None:
    matches = run.matches.get(suites.pattern, ())
    by_lines = len(matches) > 1 and matches[-1].at - matches[0].at > _SPREAD * run.wall
    found: dict[str, Score] = {}
    began = 0.0
    for match in matches:
        name, passed, total, seconds = (
            _group(suites.pattern, match.groups, group) for group in ("suite", "passed", "total", "seconds")
        )
        took = _number(seconds) if seconds else match.at - began if by_lines else None
        began = match.at
        if _is_count(passed) and _is_count(total):
            found[(name or "").strip()] = Score(int(passed or 0), int(total or 0), took)
    return _board(found, failed)


def _board(found: dict[str, Score], failed: frozenset[str]) -> Scoreboard | None:
    if not found:
        return None
    sums = [score for name, score in found.items() if name.casefold() in ("", _TOTAL)]
    parts = {name: score for name, score in found.items() if name.casefold() not in ("", _TOTAL)}
    total = Score(sum(s.passed for s in parts.values()), sum(s.total for s in parts.values()))
    return Scoreboard(parts, sums[-1] if sums else total, failed)


def _scores(name: str, node: object) -> Iterator[tuple[str, Score]]:
    if isinstance(node, list):
        for item in node:
            named = str(item.get("name") or item.get("suite") or name) if isinstance(item, dict) else name
            yield from _scores(named, item)
    elif isinstance(node, dict):
        score = _score(node)
        if score is not None:
            yield name, score
        for key, item in node.items():
            yield from _scores(str(key), item)


def _score(node: Mapping[str, object]) -> Score | None:
    passed, failed = _first(node, _PASSED), _first(node, _FAILED)
    total = _first(node, (_TOTAL,))
    if passed is None or (total is None and failed is None):
        return None
    seconds = node.get("seconds")
    known = total if total is not None else passed + (failed or 0)
    took = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _TOO_MANY else None
    return Score(passed, known, took)


def _first(node: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    values = (node.get(name) for name in names)
    whole = (v for v in values if isinstance(v, int) and not isinstance(v, bool))
    return next((v for v in whole if 0 <= v < _TOO_MANY), None)


def _group(pattern: str, groups: tuple[str | None, ...], name: str) -> str | None:
    """The text of a named group of the pattern that matched."""
    index = re.compile(pattern).groupindex.get(name)
    return groups[index - 1] if index is not None and index <= len(groups) else None


def _is_count(text: str | None) -> bool:
    return text is not None and text.isdecimal() and len(text) < _DIGITS


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < _TOO_MANY else None
