"""One line for each test, as Automake's harness and many scripts print it: `PASS: adds`, `FAIL: subtracts`.

Also `ok: adds` and `not ok: subtracts`. A name is one word, so that a sentence in a log is no result.
Automake ends with a summary, `# TOTAL: 3`; a script without one does not show that all its tests ran. Source:
https://www.gnu.org/software/automake/manual/html_node/Scripts_002dbased-Testsuites.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of, counted

_CASE = re.compile(r"^\s*(?P<word>PASS|FAIL|SKIP|XFAIL|XPASS|ok|not ok): (?P<name>[^\s:]\S*)\s*$")
_TOTAL = re.compile(r"^# TOTAL: +\d+")
_OUTCOMES = {"PASS": Outcome.PASSED, "ok": Outcome.PASSED, "SKIP": Outcome.SKIPPED, "XFAIL": Outcome.SKIPPED}
"""An unexpected success, `XPASS`, is a failure, as for Automake."""


def _read(lines: Sequence[str]) -> Report:
    found = [case for line in lines if (case := _CASE.match(line))]
    cases = [Case(case["name"], _OUTCOMES.get(case["word"], Outcome.FAILED)) for case in found]
    return counted(cases, finished=any(map(_TOTAL.match, lines)))


PLAIN = LineFormat(any_of(_CASE, _TOTAL), _read)
