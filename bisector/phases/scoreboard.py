"""What passed in a run, suite by suite, and what another run has lost against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bisector.hunt_file.suites import Suites
from bisector.predicate import Run

_PASSED = ("passed", "pass", "total_passed", "total_pass")
_FAILED = ("failed", "fail", "total_failed", "total_fail")
_TOTAL = "total"
_DIGITS = 12
_TOO_MANY = 10**_DIGITS
"""No project has as many tests; a figure beyond is nonsense, which Python or JSON may not even hold."""
_SPREAD = 0.05
"""Share of a run over which its suites' lines are spread where each is printed when its suite ends."""


@dataclass(frozen=True, slots=True)
class Score:
    """Tests of one suite; `seconds` of wall time where they are known."""

    passed: int
    total: int
    seconds: float | None = None

    @property
    def failed(self) -> int:
        """Tests that ran and did not pass."""
        return self.total - self.passed

    def __str__(self) -> str:
        return f"{self.passed}/{self.total}"


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All suites of a run by name, in order, their sum, and the names of failed tests where they are told."""

    suites: Mapping[str, Score]
    total: Score
    failed: frozenset[str] = frozenset()

    @property
    def worst(self) -> str:
        """The suite that took longest; where no times are known the one with most failures, or most tests."""
        if not self.suites:
            return ""
        if all(score.seconds is not None for score in self.suites.values()):
            name, score = max(self.suites.items(), key=lambda item: item[1].seconds or 0.0)
            return f"{name} {score.seconds:.3g} s"
        name, score = max(self.suites.items(), key=lambda item: (item[1].failed, item[1].total))
        return f"{name}, {score.failed} failed" if score.failed else f"{name}, {score.total} tests"


def scoreboard_of(run: Run, suites: Suites) -> Scoreboard | None:
    """What a run says of its tests, by its scoreboard file or else by its output; None where by neither."""
    failed = frozenset(
        name
        for match in run.matches.get(suites.failed, ())
        if (name := _group(suites.failed, match.groups, "test"))
    )
    return from_json(run.scoreboard, failed) or _from_output(run, suites, failed)


def from_json(text: str, failed: frozenset[str] = frozenset()) -> Scoreboard | None:
    """The scoreboard in a JSON text; None where there is none in it.

    A suite is an object with `passed` (or `pass`) and `total` (or `failed`, `fail`), found by its key or,
    in a list, by its `name`. The same numbers at the top are the sum.
    """
    try:
        found = dict(_scores("", json.loads(text)))
    except (ValueError, RecursionError):
        return None
    return _board(found, failed)


def losses(now: Scoreboard, before: Scoreboard) -> list[str]:
    """What `now` has lost: a phrase for each test that failed in none of `before`, suite by suite otherwise.

    Tests may have been added since; a suite has lost nothing where no fewer pass and no more fail.
    """
    lost = [f"the test {name} fails" for name in sorted(now.failed - before.failed)]
    pairs = [(name, now.suites.get(name), score) for name, score in before.suites.items()]
    for name, own, was in [*pairs, ("in all", now.total, before.total)]:
        if own is None:
            lost.append(f"the suite {name} is gone ({was} before)")
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
    told = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _TOO_MANY else None
    return Score(passed, known, told)


def _first(node: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    values = (node.get(name) for name in names)
    whole = (v for v in values if isinstance(v, int) and not isinstance(v, bool))
    return next((v for v in whole if 0 <= v < _TOO_MANY), None)


def _group(pattern: str, groups: tuple[str | None, ...], name: str) -> str | None:
    """The text of a named group, by the pattern that made the match."""
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
