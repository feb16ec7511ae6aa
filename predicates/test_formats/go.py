"""Results that `go test -v` and `go test -json` print.

`--- PASS: TestAdds (0.00s)`, and for each package `ok  example.org/calc 0.004s`; with `-json` an object per
line, with `Action`, `Package` and `Test`. Source: `go help test`, https://pkg.go.dev/cmd/test2json. The full
name of a test is the package, a dot and the name: `example.org/calc.TestAdds/small`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .results import Case, LineFormat, Outcome, Report, any_of, counted

_CASE = re.compile(r"^\s*--- (?P<word>PASS|FAIL|SKIP): (?P<name>\S+) \([\d.]+s\)$")
_BROKEN = re.compile(r"^FAIL\t(?P<package>\S+) \[(?P<what>build|setup) failed\]$")
_PACKAGE = re.compile(r"^(?P<word>ok|FAIL)\s*\t(?P<package>\S+)\t(?:[\d.]+s|\(cached\))")
_ALONE = re.compile(r"^(?:PASS|FAIL)$")
_EVENT = re.compile(r'^\{.*"Action":"(?:pass|fail|skip|build-fail)".*\}$')
_OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}


@dataclass
class _Reader:
    cases: list[Case] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    pending: list[Case] = field(default_factory=list)
    """Results of a package that has not ended yet."""
    packages: int = 0
    alone: bool = False
    """Whether the last word of a test binary was printed."""

    def end(self, package: str, *, failed: bool) -> None:
        self.packages += 1
        own = [Case(case.name, case.outcome, f"{package}.") for case in self.pending]
        self.pending = []
        self.cases += own
        if failed and not any(case.outcome is Outcome.FAILED for case in own):
            self.broken.append(f"{package} failed without a failed test")

    def event(self, line: str) -> None:
        try:
            event = json.loads(line)
            action, test = event["Action"], event.get("Test")
            package = str(event.get("Package") or event.get("ImportPath") or "")
        except (ValueError, KeyError, RecursionError):
            return
        if action == "build-fail" or event.get("FailedBuild"):
            self.packages += 1
            self.broken.append(f"{package} did not compile")
        elif test is not None:
            self.pending.append(Case(str(test), _OUTCOMES[action], f"{package}."))
        else:
            others = [case for case in self.pending if case.suite != f"{package}."]
            self.pending = [case for case in self.pending if case.suite == f"{package}."]
            self.end(package, failed=action == "fail")
            self.pending = others

    def report(self) -> Report:
        ended = self.packages > 0 if self.packages else self.alone
        cases = [*self.cases, *self.pending]
        broken = dict.fromkeys(self.broken)
        return counted(cases, finished=ended and not (self.packages and self.pending), broken=tuple(broken))


def _read(lines: Sequence[str]) -> Report:
    reader = _Reader()
    for line in lines:
        if case := _CASE.match(line):
            reader.pending.append(Case(case["name"], _OUTCOMES[case["word"].lower()]))
        elif package := _PACKAGE.match(line):
            reader.end(package["package"], failed=package["word"] == "FAIL")
        elif broken := _BROKEN.match(line):
            reader.packages += 1
            reader.broken.append(f"{broken['package']} did not compile")
        elif _ALONE.match(line):
            reader.alone = True
        elif _EVENT.match(line):
            reader.event(line)
    return reader.report()


GO = LineFormat(any_of(_CASE, _BROKEN, _PACKAGE, _ALONE, _EVENT), _read)
