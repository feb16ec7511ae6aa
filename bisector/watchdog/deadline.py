"""Finds deadlines in files: `timeout 180`, `timeout-minutes: 40`, `--timeout=30` and similar.

Files are searched line by line as text for a name that means a deadline, next to a number. Comments and prose
are skipped. A timer (`setTimeout(f, 30)`) is not a deadline, and neither is 0, which disables one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from bisector.units import SECONDS, parse_duration


class Style(Enum):
    """How a deadline is written."""

    COMMAND = "timeout command"
    ULIMIT = "ulimit"
    OPTION = "option"
    PROPERTY = "property"
    CALL = "call"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline of `seconds`, written as `text` on `line` (from 1) of `file`.

    `value` is its number as written, with its unit if any, and starts at `column` (from 0). `unit` is the
    meaning of a number without a unit, in seconds.
    """

    file: str
    line: int
    seconds: float
    text: str
    style: Style
    value: str
    column: int
    unit: float

    @property
    def name(self) -> str:
        """The text before the value, without spaces and quotes; identifies a deadline across versions."""
        return re.sub(r"[\s\"'=:(]+$", "", self.text.rpartition(self.value)[0])

    def reading(self, seconds: float) -> str:
        """Return `text` with another value: `timeout 300`."""
        before, _, after = self.text.rpartition(self.value)
        return f"{before}{self.written(seconds)}{after}"

    def written(self, seconds: float) -> str:
        """Return `seconds` in the format of `value`: `300`, `5m`, `300000`."""
        if "time." in self.value:
            return f"{_plain(seconds)} * time.Second"
        letters = re.search(r"\s?([a-z]+)$", self.value)
        if letters is None:
            return _plain(seconds / self.unit)
        number = seconds / _SECONDS_OF[letters[1]]
        return f"{_plain(number)}{letters[0]}" if number.is_integer() else f"{_plain(seconds)}s"


def deadlines_in(text: str, file_name: str) -> list[Deadline]:
    """The deadlines in a file's `text`, in order; `file_name` determines the language."""
    path = PurePosixPath(file_name)
    if path.suffix in _PROSE and path.name != "CMakeLists.txt":
        return []
    comment = re.compile(_COMMENTS.get(path.suffix, _COMMENTS.get(path.name, _HASH)))
    found: list[Deadline] = []
    for number, line in enumerate(text.split("\n"), start=1):
        mark = _WORD.search(line)
        if mark is not None:
            found += _in_line(file_name, number, _without_comment(line, comment), path)
    return found


def _in_line(file: str, number: int, line: str, path: PurePosixPath) -> list[Deadline]:
    """The deadlines in one line; of overlapping matches, the first in `_PATTERNS` wins."""
    found: list[Deadline] = []
    for style, pattern in _PATTERNS:
        if style is Style.PROPERTY and path.name != "CMakeLists.txt" and path.suffix != ".cmake":
            continue
        for match in pattern.finditer(line):
            taken = any(d.column == match.start("value") for d in found)
            unit = _unit(match, line, path, style)
            seconds = _seconds(match["value"], unit)
            if not taken and 0 < seconds < math.inf:
                text, at = match[0].strip(), match.start("value")
                found.append(Deadline(file, number, seconds, text, style, match["value"], at, unit))
    return sorted(found, key=lambda deadline: deadline.column)


def _unit(match: re.Match[str], line: str, path: PurePosixPath, style: Style) -> float:
    """Seconds of a number without unit: by the name's ending, else by the tool, else one."""
    groups = match.groupdict()
    ending = (groups.get("ending") or "").lower().strip("_-")
    if ending:
        return _SECONDS_OF[ending]
    if style in (Style.COMMAND, Style.ULIMIT, Style.PROPERTY):
        return 1.0
    script = path.suffix in _SCRIPTS or path.name == "package.json" or path.name.startswith(".mocharc")
    by_tool = "testtimeout" in match[0].lower() or _MILLISECOND_TOOLS.search(line) is not None
    return 0.001 if by_tool or (script and style is not Style.OPTION) else 1.0


def _seconds(value: str, unit: float) -> float:
    """The seconds of a value as written; NaN if it cannot be parsed."""
    product = math.prod(float(factor.replace("_", "")) for factor in re.findall(r"\d[\d_.]*", value))
    if re.fullmatch(r"[\d_.* ]+", value):
        return product * unit
    if "time." in value:
        return product * _SECONDS_OF[value.rpartition(".")[2].lower()]
    shortened = re.sub(r"[a-z]+", lambda word: _SHORT.get(word[0], word[0]), value.lower())
    try:
        return parse_duration(shortened)
    except ValueError:
        return math.nan


def _without_comment(line: str, comment: re.Pattern[str]) -> str:
    """The line up to its comment; a comment mark in quotes does not count."""
    for match in comment.finditer(line):
        before = line[: match.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line


def _plain(number: float) -> str:
    return f"{number:.10g}"


_SHORT = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hour", "hours"), "h"),
    **dict.fromkeys(("millis", "msec", "msecs", "millisecond", "milliseconds"), "ms"),
}
_SECONDS_OF = {**SECONDS, **{word: SECONDS[short] for word, short in _SHORT.items()}}
_WORD = re.compile(r"time[_-]?out|watchdog|deadline|time[_-]?limit|ulimit", re.IGNORECASE)
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc", ".html", ".svg", ".lock", ".csv"})
_SCRIPTS = frozenset({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"})
_MILLISECOND_TOOLS = re.compile(r"\b(?:jest|mocha|vitest|playwright|cypress)\b")

_HASH = r"(?:^|(?<=\s))#"
_SLASHES = r"//|/\*|^\s*\*"
_COMMENTS = {
    **dict.fromkeys((*_SCRIPTS, ".go", ".rs", ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".php"), _SLASHES),
    **dict.fromkeys((".lisp", ".el", ".clj", ".scm", ".sx", "dune", "dune-project"), ";"),
    **dict.fromkeys((".lua", ".sql", ".hs"), r"(?:^|(?<=\s))--\s"),
    **dict.fromkeys((".ml", ".mli"), r"\(\*"),
    ".json": r"^\s*//",
}
"""Comment marks by suffix or name of a file; default `#`."""

_LETTERS = r"(?:ms|s|m|h|d|sec|secs|seconds?|min|mins|minutes?|hours?|msecs?|millis|milliseconds?)"
_SPACED = r"\s?"
_NUMBER = r"\d+(?:_\d+)*(?:\.\d*)?"


def _value(space: str = "") -> str:
    """The pattern of a value, or of the default in `${NAME:-180}`; `space` may precede a unit."""
    unit = rf"{_NUMBER}{space}{_LETTERS}"
    product = rf"{_NUMBER}(?:\s*\*\s*(?:{_NUMBER}|time\.(?:Hour|Minute|Second|Millisecond)))*"
    return rf"[\"']?(?:\$\{{\w+:?[-=])?(?P<value>(?:{unit}{space})*{unit}|{product})(?![\w.-]|\s*\*)"


_NAME = r"(?:time[_-]?out|watchdog|deadline|time[_-]?limit)"
_ENDING = (
    r"(?P<ending>[_-]?(?:ms|secs?|seconds|mins?|minutes|hours|millis|milliseconds|msecs?)|[_-](?:s|m|h))?"
)
_FLAGS = (
    r"(?:\s+(?:-[a-zA-Z]*[ks]\s+\S+|--(?:kill-after|signal)[= ]\S+|--(?:foreground|preserve-status|verbose)"
    r"|-[fvp]|-t(?=\s)))*"
)
_CALLERS = r"(?:\b(?:jest|test)\.set|@|\bmark\.|\bthis\.|\basyncio\.|\bwith\s+)"
_ANNOTATION = r"(?:\s*:\s*[a-z]\w*(?:\s*\|\s*\w+)?(?=\s*=))?"

_PATTERNS = (
    (Style.COMMAND, re.compile(rf"(?<![\w.-])g?timeout{_FLAGS}\s+{_value()}(?=[\s\"'`)}};|\\]|$)")),
    (Style.COMMAND, re.compile(rf"[\"']g?timeout[\"'],\s*{_value()}")),
    (Style.ULIMIT, re.compile(rf"\bulimit(?:\s+-[SH])?\s+-[SH]?t\s+{_value()}")),
    (
        Style.OPTION,
        re.compile(rf"(?<![\w-])--?[a-z0-9._-]*?{_NAME}{_ENDING}(?:=|\s+|[\"'],\s*){_value()}", re.I),
    ),
    (Style.PROPERTY, re.compile(rf"\b(?:[A-Z]+_)*TIMEOUT\s+{_value()}")),
    (Style.CALL, re.compile(rf"{_CALLERS}timeout\(\s*{_value()}", re.I)),
    (
        Style.KEY,
        re.compile(
            rf"(?<![\w.$-])[\"']?(?!pytest-|async-|p-)[a-z0-9._-]*?{_NAME}{_ENDING}[\"']?{_ANNOTATION}"
            rf"\s*(?:=>|[?:]=|[:=](?!=))\s*{_value(_SPACED)}",
            re.I,
        ),
    ),
)
