"""Where each value of a hunt was written: a line of a file, or a command-line option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]

OPTIONS: Mapping[str, str] = {
    "hunt": "--name",
    "repository": "--repo",
    "good": "--good",
    "bad": "--bad",
    "old": "--old",
    "new": "--new",
    "find": "--fixed",
    "terms.old": "--term-old",
    "terms.new": "--term-new",
    "since": "--since",
    "first_parent": "--first-parent",
    "descend.follow": "--no-descend",
    "narrow": "--narrow",
    "paths": "--path",
    "build.command": "--build",
    "build.timeout": "--build-timeout",
    "test.command": "--test",
    "test.timeout": "--timeout",
    "test.memory": "--memory",
    "predicate": "--predicate",
    "confidence": "--confidence",
    "budget.time": "--time",
    "budget.probes": "--probes",
    "jobs": "--jobs",
    "scratch": "--scratch",
    "progress_log": "--progress-log",
}
"""Keys of a hunt file that have their own option; all others are set with `--set KEY=VALUE`."""

_SAME = {"test": "test.command", "predicate.name": "predicate"}


def option_of(key: str) -> str:
    """The command-line option that sets a dotted key."""
    return OPTIONS.get(_SAME.get(key, key), f"--set {key}")


def dotted(path: KeyPath) -> str:
    """A key path as text: `overlay[0].find`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Mark:
    """The line (from 1) of a value, and for a scalar its text in the file."""

    line: int
    text: str | None = None


@dataclass(frozen=True)
class Origin:
    """Where a hunt's values come from; ignored when hunts are compared."""

    file: str = field(default="", compare=False)
    marks: Mapping[KeyPath, Mark] = field(default_factory=dict, compare=False)
    options: Mapping[KeyPath, str] = field(default_factory=dict, compare=False)

    def given_at(self, path: KeyPath) -> KeyPath | None:
        """The key path, at or above `path`, that an option set."""
        return next((p for p in _upwards(path) if p in self.options), None)

    def line(self, path: KeyPath) -> int:
        """The line of the nearest key at or above `path`."""
        return next((self.marks[p].line for p in _upwards(path) if p in self.marks), 1)

    def where(self, path: KeyPath) -> str:
        """`file:line` or the option, for the start of a message."""
        given = self.given_at(path)
        if given is not None:
            return self.options[given]
        return f"{self.file}:{self.line(path)}" if self.file else "the command line"

    def overridden(self, options: Mapping[KeyPath, str]) -> Origin:
        """Return this origin with some values set by options instead."""
        marks = {p: mark for p, mark in self.marks.items() if not any(u in options for u in _upwards(p))}
        return Origin(self.file, marks, {**self.options, **options})


def _upwards(path: KeyPath) -> list[KeyPath]:
    return [path[:length] for length in range(len(path), -1, -1)]
