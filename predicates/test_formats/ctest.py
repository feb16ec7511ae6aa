"""Results that ctest prints.

`1/3 Test #1: adds .....   Passed    0.01 sec`, and `67% tests passed, 1 tests failed out of 3`. Source:
https://cmake.org/cmake/help/latest/manual/ctest.1.html, and `Source/CTest/cmCTestRunTest.cxx` of CMake.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of

_CASE = re.compile(
    r"^\s*(?:\d+/\d+ )?Test\s+#\d+: (?P<name>.+?) \.{3,}\s*(?:\*\*\*)?(?P<word>\S.*?)\s+[\d.]+ sec\b"
)
_RESULT = re.compile(r"^\d+% tests passed, (?P<failed>\d+) tests? failed out of \d+")
_NOT_JUDGED = re.compile(r"Not Run|Skipped")
_DISABLED = re.compile(r"Skipped|Disabled")


def _read(lines: Sequence[str]) -> Report:
    # With --repeat a test is printed again each time, and the last time counts.
    words = {case["name"]: case["word"] for line in lines if (case := _CASE.match(line))}
    results = [int(result["failed"]) for line in lines if (result := _RESULT.match(line))]
    not_run = [name for name, word in words.items() if "Not Run" in word and not _DISABLED.search(word)]
    cases = tuple(Case(name, _outcome(word)) for name, word in words.items())
    return Report(
        cases,
        passed=sum(case.outcome is Outcome.PASSED for case in cases),
        failed=sum(results) - len(not_run),
        finished=bool(results),
        broken=tuple(f"{name} did not run" for name in not_run),
    )


def _outcome(word: str) -> Outcome:
    if word == "Passed":
        return Outcome.PASSED
    return Outcome.SKIPPED if _NOT_JUDGED.search(word) else Outcome.FAILED


CTEST = LineFormat(any_of(_CASE, _RESULT), _read)
