"""The Test Anything Protocol, read with tap.py (https://tappy.readthedocs.io).

`ok 1 - adds`, `not ok 2 - subtracts # TODO`, and the plan `1..2`. Source: https://testanything.org/tap-version-14-specification.html.
The name of a subtest, which is indented by four spaces, follows that of its parent and ` > `.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .results import Case, LineFormat, Outcome, Report, counted

_INDENT = 4


@dataclass
class _Level:
    """The tests at one indentation whose parent has not ended yet, and the number that their plan names."""

    cases: list[Case] = field(default_factory=list)
    own: int = 0
    planned: int | None = None


def _read(lines: Sequence[str]) -> Report:
    from tap.line import Bail, Plan, Result
    from tap.parser import Parser

    parser, levels = Parser(), [_Level()]
    broken: list[str] = []
    for line in lines:
        text = line.lstrip(" ")
        depth = (len(line) - len(text)) // _INDENT
        while len(levels) <= depth:
            levels.append(_Level())
        parsed = None if text.startswith("TAP version") else parser.parse_line(text.rstrip())
        if isinstance(parsed, Result):
            below = levels[depth + 1].cases if len(levels) > depth + 1 else []
            del levels[depth + 1 :]
            _add(levels[depth], parsed.ok, _name(parsed.number, parsed.description), parsed, below)
        elif isinstance(parsed, Plan):
            levels[depth].planned = (levels[depth].planned or 0) + parsed.expected_tests
        elif isinstance(parsed, Bail):
            broken.append(" ".join(f"the test bailed out {parsed.reason}".split()))
    top = levels[0]
    return counted(top.cases, finished=top.planned is not None and top.own == top.planned, broken=broken)


def _add(level: _Level, ok: bool, name: str, result: object, below: Sequence[Case]) -> None:
    todo, skip = bool(getattr(result, "todo", False)), bool(getattr(result, "skip", False))
    outcome = Outcome.SKIPPED if skip or (todo and not ok) else Outcome.PASSED if ok else Outcome.FAILED
    level.own += 1
    level.cases += [Case(f"{name} > {case.name}", case.outcome) for case in below]
    level.cases.append(Case(name, outcome))


def _name(number: object, description: str) -> str:
    return re.sub(r"^- ?", "", description).strip() or f"{number}"


TAP = LineFormat(r"^ *(?:not )?ok\b(?!:|\s*\t)|^ *1\.\.\d+|^ *Bail out!|^TAP version \d+", _read)
