"""Results that `cargo test` prints: the lines of libtest, and cargo's own.

`test tests::adds ... ok`, and for each target `test result: ok. 3 passed; 0 failed; ...`. Source:
https://doc.rust-lang.org/rustc/tests/index.html, and `library/test/src/formatters/pretty.rs` of Rust. As in
cargo-nextest, the full name of a test is the target, a space and the name: `tests/whole.rs adds`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of

_TARGET = re.compile(r"^\s+(?:Running (?:unittests )?(?P<target>\S+) \(.*\)|Doc-tests (?P<crate>\S+))$")
_BEGIN = re.compile(r"^running \d+ tests?$")
_CASE = re.compile(
    r"^test (?P<name>.+?)(?: - (?:should panic|compile(?: fail)?))? \.\.\. "
    r"(?P<word>ok|FAILED|ignored)(?:, .*)?$"
)
_RESULT = re.compile(r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed;")
_BROKEN = re.compile(r"^error: could not compile (?P<what>`[^`]*`(?: \([^)]*\))?)")
_OUTCOMES = {"ok": Outcome.PASSED, "FAILED": Outcome.FAILED, "ignored": Outcome.SKIPPED}


def _read(lines: Sequence[str]) -> Report:
    cases: list[Case] = []
    broken: dict[str, None] = {}
    passed = failed = begun = ended = 0
    suite = ""
    for line in lines:
        if target := _TARGET.match(line):
            suite = f"{target['target'] or target['crate']} "
        elif case := _CASE.match(line):
            cases.append(Case(case["name"], _OUTCOMES[case["word"]], suite))
        elif _BEGIN.match(line):
            begun += 1
        elif result := _RESULT.match(line):
            ended += 1
            passed += int(result["passed"])
            failed += int(result["failed"])
        elif found := _BROKEN.match(line):
            broken[f"{found['what']} did not compile"] = None
    return Report(tuple(cases), passed, failed, 0 < ended >= begun, tuple(broken))


CARGO = LineFormat(any_of(_TARGET, _BEGIN, _CASE, _RESULT, _BROKEN), _read)
