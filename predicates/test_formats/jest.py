"""Results that Jest prints.

With `--verbose`, a line for each test below its `describe` blocks; without, only the names of failed tests
(`● Math › adds`); in the end `Tests:  1 failed, 2 passed, 3 total`. Source: https://jestjs.io/docs/cli, and
`packages/jest-reporters/src/VerboseReporter.ts` of Jest. The name of a test is that of its blocks and its
own, with spaces between them, as in Jest's JSON (`fullName`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .results import Case, LineFormat, Outcome, Report, any_of

_FILE = re.compile(r"^(?:PASS|FAIL) (?P<file>\S.*?)(?: \([\d.]+ m?s\))?$")
_CASE = re.compile(r"^(?P<indent> +)(?P<mark>[✓√✕×○✎]) (?P<title>.*?)(?: \([\d.]+ m?s\))?$")
_BULLET = re.compile(r"^  ● (?P<title>.+)$")
_BLOCK = re.compile(r"^(?P<indent>(?:  )+)(?P<title>[^\s●].*)$")
_TESTS = re.compile(r"^Tests: +(?P<counts>(?:\d+ \w+, )*)\d+ total$")
_SUITES = re.compile(r"^Test Suites: +(?P<counts>(?:\d+ \w+, )*)\d+ (?:of \d+ )?total$")
_OUTCOMES = {"✓": Outcome.PASSED, "√": Outcome.PASSED, "✕": Outcome.FAILED, "×": Outcome.FAILED}
_NOT_RUN = "Test suite failed to run"


@dataclass
class _Reader:
    cases: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    broken: dict[str, None] = field(default_factory=dict)
    blocks: list[tuple[int, str]] = field(default_factory=list)
    file: str = ""
    listing: bool = False
    """Whether the lines are those of tests, not of failures or of the console."""

    def begin(self, file: str) -> None:
        self.file, self.listing, self.blocks = file, True, []

    def case(self, indent: int, mark: str, title: str) -> None:
        if mark in "○✎":
            title = re.sub(r"^(?:skipped|todo) ", "", title)
        titles = [block for at, block in self.blocks if at < indent]
        self.cases[self.file, " ".join([*titles, title])] = _OUTCOMES.get(mark, Outcome.SKIPPED)

    def block(self, indent: int, title: str) -> None:
        self.blocks = [(at, block) for at, block in self.blocks if at < indent] + [(indent, title)]

    def bullet(self, title: str) -> None:
        self.listing = False
        if title == _NOT_RUN:
            self.broken[f"{self.file} could not be run"] = None
        elif self.file and title != "Console":
            self.cases.setdefault((self.file, title.replace(" › ", " ")), Outcome.FAILED)


def _read(lines: Sequence[str]) -> Report:
    reader = _Reader()
    tests: dict[str, int] = {}
    ends = 0
    for line in lines:
        if file := _FILE.match(line):
            reader.begin(file["file"])
        elif bullet := _BULLET.match(line):
            reader.bullet(bullet["title"])
        elif reader.listing and (case := _CASE.match(line)):
            reader.case(len(case["indent"]), case["mark"], case["title"])
        elif reader.listing and (block := _BLOCK.match(line)):
            reader.block(len(block["indent"]), block["title"])
        elif end := _TESTS.match(line):
            ends += 1
            for number, word in re.findall(r"(\d+) (\w+)", end["counts"]):
                tests[word] = tests.get(word, 0) + int(number)
    cases = tuple(Case(name, outcome, f"{file} ") for (file, name), outcome in reader.cases.items())
    return Report(cases, tests.get("passed", 0), tests.get("failed", 0), ends > 0, tuple(reader.broken))


JEST = LineFormat(any_of(_FILE, _CASE, _BULLET, _BLOCK, _TESTS, _SUITES), _read)
