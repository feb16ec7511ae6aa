"""Reads profiles of valgrind's callgrind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

_NAMED = re.compile(r"(fn|cfn)=\((\d+)\)(?: (.*))?$")


@dataclass(frozen=True, slots=True)
class Profile:
    """Instructions by function, exclusive and inclusive, of one run of `program` (its file name)."""

    program: str
    own: Mapping[str, int]
    inclusive: Mapping[str, int]

    @property
    def instructions(self) -> int:
        """The number of instructions executed."""
        return sum(self.own.values())


def read_profile(text: str) -> Profile:
    """The profile in a callgrind output file (Valgrind manual, "Callgrind format specification").

    Only the first event counts, which is instructions by default. Recursive calls do not add to a function's
    inclusive cost, but mutual recursion makes it too large.
    """
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.own: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        self.program = ""
        self.positions = 1
        self.function = self.callee = ""
        self.calling = False

    def read(self, text: str) -> Profile:
        for line in text.splitlines():
            self._line(line)
        return Profile(self.program, dict(self.own), dict(self.own + self.called))

    def _line(self, line: str) -> None:
        if line[:1] in "0123456789+-*" and line:
            self._cost(line)
        elif line.startswith(("fn=", "cfn=")):
            kind, name = self._name(line)
            if kind == "fn":
                self.function = name
            else:
                self.callee = name
        elif line.startswith("calls="):
            self.calling = True
        elif line.startswith("cmd:"):
            words = line[4:].split()
            self.program = PurePath(words[0]).name if words else ""
        elif line.startswith("positions:"):
            self.positions = len(line.split()) - 1

    def _name(self, line: str) -> tuple[str, str]:
        """A function's name; after the first mention, the file has only its number."""
        match = _NAMED.match(line)
        if match is None:
            kind, _, name = line.partition("=")
            return kind, name
        kind, number, name = match.groups()
        if name is not None:
            self.names[number] = name
        return kind, self.names.get(number, number)

    def _cost(self, line: str) -> None:
        """A cost line: the function's own cost, or after `calls=` the callee's inclusive cost."""
        fields = line.split()
        cost = int(fields[self.positions]) if len(fields) > self.positions else 0
        if not self.calling:
            self.own[self.function] += cost
        elif self.callee.split("'")[0] != self.function.split("'")[0]:
            self.called[self.function] += cost
        self.calling = False
