"""JUnit XML, read with junitparser (https://junitparser.readthedocs.io).

Source: https://github.com/testmoapp/junitxml, which collects what runners write. The full name of a test is
its `classname`, a dot and its `name`; the name alone if both are the same, as with ctest and jest-junit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from .results import Case, Outcome, Report, counted

if TYPE_CHECKING:
    from junitparser import TestCase

_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "suppressed", "ignored"})
"""Values of `status` (ctest, GoogleTest) and `result` (GoogleTest) of a test that did not run."""

_COLLECTION = "collection failure"
"""The message with which pytest writes a file that it cannot import, as if it were a test."""

_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)


def read_junit(text: str) -> Report:
    """The results in one file; raises ValueError, whose text is the reason, if it is not JUnit XML."""
    from junitparser import JUnitXml, JUnitXmlError

    # The text is decoded already, so the encoding that it declares no longer holds.
    plain = _DECLARATION.sub("", text.lstrip("\ufeff")).strip()
    try:
        document = JUnitXml.fromstring(plain)
        cases, broken = _read(document)
    except (JUnitXmlError, SyntaxError, ValueError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())[:100] or type(error).__name__) from error
    return counted(cases, finished=True, broken=broken)


def _read(document: Any) -> tuple[list[Case], list[str]]:
    from junitparser import TestCase

    cases: list[Case] = []
    broken: list[str] = []
    for case in document.iterchildren(TestCase):  # As node's runner writes them, without a suite.
        _add(case, cases, broken)
    for suite in document:
        own: list[Case] = []
        collected = len(broken)
        for case in suite:  # Also the tests of the suites in it.
            _add(case, own, broken)
        bad = sum(case.outcome is Outcome.FAILED for case in own) + len(broken) - collected
        if (suite.failures or 0) + (suite.errors or 0) > 0 == bad:
            broken.append(f"the suite {' '.join((suite.name or '').split())} failed without a failed test")
        cases += own
    return cases, broken


def _add(case: TestCase, cases: list[Case], broken: list[str]) -> None:
    from junitparser import Attr, TestCase

    class Known(TestCase):
        """A test with the attributes that some runners add."""

        status = Attr()
        ran = Attr("result")

    known = cast("Any", Known).fromelem(case)
    name, group = (" ".join((text or "").split()) for text in (case.name, case.classname))
    suite = "" if group in ("", name) else f"{group}."
    if any(one.message == _COLLECTION for one in case.result):
        broken.append(f"{suite}{name} could not be collected")
    elif case.is_failure or case.is_error:
        cases.append(Case(name, Outcome.FAILED, suite))
    elif case.is_skipped or {str(known.status).lower(), str(known.ran).lower()} & _NOT_RUN:
        cases.append(Case(name, Outcome.SKIPPED, suite))
    else:
        cases.append(Case(name, Outcome.PASSED, suite))
