"""Results that Alcotest prints.

`[OK]  sums  0  adds.`, and `Test Successful in 0.001s. 3 tests run.` or `1 failure! in ...`. Source:
`src/alcotest-engine/pp.ml` of https://github.com/mirage/alcotest. The name of a test is that of its suite, a
space and its own, which Alcotest shortens to the width of the screen (`is a long name of a t...`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of

_BEGIN = re.compile(r"^Testing `.*'\.?$")
_CASE = re.compile(
    r"^>?\s+\[(?P<word>OK|FAIL|ERROR|SKIP)\]\s+(?P<suite>\S.*?)\s+\d+\s+(?P<name>\S.*?)\.?\s*$"
)
_RESULT = re.compile(
    r"^(?:Test Successful|(?P<failed>\d+) (?:failure|error)s?!) in [\d.]+s\. (?P<run>\d+) tests? run\.$"
)
_OUTCOMES = {"OK": Outcome.PASSED, "SKIP": Outcome.SKIPPED}


def _read(lines: Sequence[str]) -> Report:
    cases: list[Case] = []
    run = failed = begun = ended = 0
    for line in lines:
        if case := _CASE.match(line):
            name = f"{case['suite']} {case['name']}"
            cases.append(Case(name, _OUTCOMES.get(case["word"], Outcome.FAILED)))
        elif result := _RESULT.match(line):
            ended += 1
            run += int(result["run"])
            failed += int(result["failed"] or 0)
        elif _BEGIN.match(line):
            begun += 1
    return Report(tuple(cases), max(0, run - failed), failed, 0 < ended >= begun)


ALCOTEST = LineFormat(any_of(_BEGIN, _CASE, _RESULT), _read)
