"""All formats, and which of them a text has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from .alcotest import ALCOTEST
from .cargo import CARGO
from .ctest import CTEST
from .dune import DUNE
from .go import GO
from .jest import JEST
from .junit import read_junit
from .plain import PLAIN
from .pytest import PYTEST
from .results import LineFormat, Report
from .tap import TAP

Format = Literal[
    "auto", "junit", "tap", "pytest", "cargo", "go", "dune", "alcotest", "jest", "ctest", "plain"
]

LINE_FORMATS: Mapping[str, LineFormat] = {
    "tap": TAP,
    "pytest": PYTEST,
    "cargo": CARGO,
    "go": GO,
    "dune": DUNE,
    "alcotest": ALCOTEST,
    "jest": JEST,
    "ctest": CTEST,
    "plain": PLAIN,
}
MOST = 75_000
"""Lines of one format that are read; of more, bisector may have dropped some from the middle."""

_XML = re.compile(r"<\?xml\b|<testsuites?\b")
_XML_END = re.compile(r"</testsuites?>|<testsuites?\b[^>]*/>")


def patterns_of(name: Format) -> tuple[str, ...]:
    """The patterns of the lines that must be kept for this format."""
    if name == "auto":
        return tuple(one.pattern for one in LINE_FORMATS.values())
    return (LINE_FORMATS[name].pattern,) if name in LINE_FORMATS else ()


def lines_in(text: str, name: Format) -> Mapping[str, Sequence[str]]:
    """The lines of a text that match each pattern of the format, by pattern."""
    lines = text.splitlines()
    compiled = {pattern: re.compile(pattern) for pattern in patterns_of(name)}
    return {pattern: [line for line in lines if one.search(line)] for pattern, one in compiled.items()}


def read_lines(name: Format, lines: Mapping[str, Sequence[str]]) -> Report:
    """The results in these lines, by pattern; raises ValueError, whose text is a clause, if there are none.

    `auto` takes the format whose runner came to its end; if none did, the one that has results.
    """
    wanted = [name] if name != "auto" else list(LINE_FORMATS)
    found = {
        one: LINE_FORMATS[one].read(kept) for one in wanted if (kept := lines.get(LINE_FORMATS[one].pattern))
    }
    if "alcotest" in found:
        found.pop("dune", None)  # dune runs Alcotest, and does not know how far it came.
    results = {
        one: report for one, report in found.items() if report.cases or report.broken or _ended(report)
    }
    if len(results) > 1:
        results.pop("plain", None)  # Its lines are also ordinary output of a test.
    ended = {one: report for one, report in results.items() if one != "dune" and _ended(report)}
    chosen = ended or {one: report for one, report in results.items() if report.cases} or results
    if len(chosen) > 1:
        raise ValueError(f"the results look like those of {' and of '.join(chosen)}; name one in `format`")
    if not chosen:
        of = "" if name == "auto" else f" of {name}"
        raise ValueError(f"there is no result{of} of a test")
    ((only, report),) = chosen.items()
    if len(lines[LINE_FORMATS[only].pattern]) > MOST:
        raise ValueError(f"the test printed more than {MOST:,} lines of results; let it write them to a file")
    return report


def read_xml(text: str) -> Report | None:
    """The results in the JUnit XML in a text; None if it has none. Raises ValueError for broken XML."""
    start, ends = _XML.search(text), list(_XML_END.finditer(text))
    if start is None:
        return None
    return read_junit(text[start.start() : ends[-1].end() if ends else None])


def _ended(report: Report) -> bool:
    return report.finished and report.passed + report.failed + len(report.cases) > 0
