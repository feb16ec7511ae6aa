"""Results that `dune runtest` prints of whole test programs.

With `--display short`, `good alias test/runtest` for a program that ran, and `(exit 2)` or
`(got signal ...)` after it if it failed. Since version 3, also `File "test/dune", line 2, characters 7-10:`
for a failed program, and the same with the name of a `.t` file for a failed cram test. dune prints nothing
about tests that it does not run again because nothing changed. Source:
https://dune.readthedocs.io/en/stable/tests.html, `src/dune_engine/process.ml` of https://github.com/ocaml/dune.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .results import Case, LineFormat, Outcome, Report, any_of, counted

_CASE = re.compile(
    r"^\s+(?P<name>\S+) alias (?P<folder>(?:\S+/)?)runtest(?P<bad> \((?:exit|got signal) .*\))?$"
)
_PLACE = re.compile(r'^File "(?P<file>[^"]+)", (?:line (?P<line>\d+)|lines \d+-\d+), characters [\d-]+:$')
_ERROR = re.compile(r"^Error(?: \([^)]*\))?:")


def _read(lines: Sequence[str]) -> Report:
    cases: list[Case] = []
    broken: list[str] = []
    place = ""
    for line in lines:
        if case := _CASE.match(line):
            outcome = Outcome.FAILED if case["bad"] else Outcome.PASSED
            cases.append(Case(case["folder"] + case["name"], outcome))
        elif at := _PLACE.match(line):
            cases += _failed(place)
            place = at["file"] if at["file"].endswith(".t") else f"{at['file']}:{at['line'] or ''}"
        elif _ERROR.match(line):
            broken.append(f"{place} did not compile" if place else "dune reported an error")
            place = ""
    return counted([*cases, *_failed(place)], finished=True, broken=broken)


def _failed(place: str) -> list[Case]:
    """The failed test that is declared at this place of a `dune` file, or is this cram test."""
    name = place.rpartition("/")[2]
    is_test = name.startswith("dune:") or name.endswith(".t")
    return [Case(place, Outcome.FAILED)] if is_test else []


DUNE = LineFormat(any_of(_CASE, _PLACE, _ERROR), _read)
