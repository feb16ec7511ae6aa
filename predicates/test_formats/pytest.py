"""Results that pytest prints.

Lines of `-v` (`test_a.py::test_x PASSED [ 50%]`), of `-rA` (`FAILED test_a.py::test_x - assert ...`) and of
pytest-xdist, and the last line (`1 failed, 2 passed in 0.03s`). Source:
https://docs.pytest.org/en/stable/how-to/output.html, and `_pytest/terminal.py` (`build_summary_stats_line`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of

_WORD = r"(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)"
_VERBOSE = re.compile(rf"^(?P<name>[^\s:].*?::.*?) (?P<word>{_WORD})(?: \(.*\))?\s*(?:\[\s*\d+%\])?$")
_XDIST = re.compile(rf"^\[gw\d+\]\s+(?:\[\s*\d+%\]\s+)?(?P<word>{_WORD}) (?P<name>\S.*?::.*?)\s*$")
_SHORT = re.compile(rf"^(?P<word>{_WORD}) (?P<name>[^\s\[]+?::[^\s\[]+(?:\[.*?\])?)(?: - .*)?$")
_FILE = re.compile(r"^ERROR (?P<file>[^\s:]+)(?: - .*)?$")
_START = re.compile(r"^=+ test session starts =+$")
_COUNT = (
    r"(?:\d+ (?:passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?|rerun"
    r"|subtests (?:passed|failed|skipped|xfailed|xpassed)))"
)
_LAST = re.compile(
    rf"^=*\s*(?P<counts>no tests ran|{_COUNT}(?:, {_COUNT})*) in [\d.]+s(?: \([\d:a-z, ]+\))?\s*=*$"
)
_OUTCOMES = {
    "PASSED": Outcome.PASSED,
    "XPASS": Outcome.PASSED,
    "FAILED": Outcome.FAILED,
    "ERROR": Outcome.FAILED,
    "SKIPPED": Outcome.SKIPPED,
    "XFAIL": Outcome.SKIPPED,
}


def _read(lines: Sequence[str]) -> Report:
    counts, sessions = Counter[str](), Counter[str]()
    said: dict[tuple[str, str], None] = {}
    files: dict[str, None] = {}
    for line in lines:
        if last := _LAST.match(line):
            counts.update({word: int(number) for number, word in _numbers(last["counts"])})
            sessions["ends"] += 1
        elif _START.match(line):
            sessions["starts"] += 1
        elif case := _VERBOSE.match(line) or _XDIST.match(line) or _SHORT.match(line):
            said[case["name"], case["word"]] = None
        elif file := _FILE.match(line):
            files[file["file"]] = None
    errors = sum(word == "ERROR" for _, word in said)
    return Report(
        cases=tuple(Case(name, _OUTCOMES[word]) for name, word in said),
        passed=counts["passed"] + counts["xpassed"],
        failed=counts["failed"] + counts["subtests failed"] + errors,
        finished=sessions["ends"] >= max(1, sessions["starts"]),
        broken=_broken(counts["error"] + counts["errors"] - errors, list(files)),
    )


def _numbers(counts: str) -> list[tuple[str, str]]:
    return re.findall(r"(\d+) ([a-z]+(?: [a-z]+)?)", counts)


def _broken(number: int, files: Sequence[str]) -> tuple[str, ...]:
    """What the errors are that belong to no test: files that pytest could not collect."""
    if number <= 0:
        return ()
    return tuple(f"{file} could not be collected" for file in files) or (f"{number} errors outside of tests",)


PYTEST = LineFormat(any_of(_VERBOSE, _XDIST, _SHORT, _FILE, _START, _LAST), _read)
