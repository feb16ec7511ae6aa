"""The output of a test: bounded in memory and on disk; marker lines are kept with their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from bisector.errors import InfrastructureFault, UsageError
from bisector.pattern import Bounded
from bisector.predicate import Match

KEPT = 256 * 1024
"""Bytes of output kept in memory, both from its head and from its tail."""

LOGGED = 8 * 1024 * 1024
"""Bytes written to the log immediately; beyond that, the log gets the tail when the test ends."""

LINE = 8 * 1024
"""Bytes of one line that patterns are matched against; the rest of a longer line is ignored."""

MATCHES = 100_000
"""Most matches kept for one pattern; beyond that, matches from the middle are dropped."""


class OutputCapture:
    """Captures output in a fixed amount of memory and disk."""

    def __init__(self, patterns: Sequence[str] = (), log: Path | None = None) -> None:
        self._patterns = [(pattern, _compile(pattern)) for pattern in patterns]
        self._matches: dict[str, list[Match]] = {pattern: [] for pattern in patterns}
        self._head = bytearray()
        self._tail = bytearray()
        self._line = bytearray()
        self._log_path = log
        self._log = self._open_log()
        self.total = 0
        """Bytes captured so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._log:
            self._log.close()

    @property
    def matches(self) -> Mapping[str, Sequence[Match]]:
        """The matches so far, by pattern, in order (live lists)."""
        return self._matches

    def feed(self, data: bytes, at: float) -> bool:
        """Add `data` read `at` seconds after the start; True if a line of it matched."""
        if self._log and self.total < LOGGED:
            self._write(data[: LOGGED - self.total])
        self.total += len(data)
        space = KEPT - len(self._head)
        self._head += data[:space]
        self._tail += data[space:]
        if len(self._tail) > 2 * KEPT:
            del self._tail[:-KEPT]
        return self._match_lines(data, at) if self._patterns else False

    def finish(self, at: float) -> None:
        """Match an unterminated last line and complete the log; call once."""
        if self._line:
            self._match(bytes(self._line), at)
        if self._log:
            unwritten = self.total - LOGGED
            if unwritten > 0:
                self._write(self._join(min(unwritten, KEPT), unwritten))

    @property
    def text(self) -> str:
        """Head and tail, with a line in between that says how much is omitted."""
        unshown = self.total - len(self._head)
        return (self._head + self._join(min(unshown, KEPT), unshown)).decode(errors="replace")

    def _join(self, kept: int, unshown: int) -> bytes:
        """The last `kept` bytes, after a line that says how many of `unshown` are omitted."""
        left_out = unshown - kept
        note = b"\n[... %d bytes omitted ...]\n" % left_out if left_out > 0 else b""
        return note + bytes(self._tail[-kept:])

    def _match_lines(self, data: bytes, at: float) -> bool:
        *ended, rest = data.split(b"\n")
        matched = False
        for part in ended:
            self._line += part[: LINE - len(self._line)]
            matched |= self._match(bytes(self._line), at)
            self._line.clear()
        self._line += rest[: LINE - len(self._line)]
        return matched

    def _match(self, line: bytes, at: float) -> bool:
        text = line.decode(errors="replace").removesuffix("\r")
        matched = False
        for pattern, compiled in self._patterns:
            if found := compiled.search(text):
                self._keep(self._matches[pattern], Match(at, text, found.groups()))
                matched = True
        return matched

    @staticmethod
    def _keep(matches: list[Match], match: Match) -> None:
        matches.append(match)
        if len(matches) > MATCHES:
            del matches[MATCHES // 2 : MATCHES * 3 // 4]

    def _open_log(self) -> BinaryIO | None:
        if self._log_path is None:
            return None
        try:
            return self._log_path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self, data: bytes) -> None:
        assert self._log is not None
        try:
            self._log.write(data)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> InfrastructureFault:
        return InfrastructureFault(
            f"cannot write the log {self._log_path}: {error.strerror}; "
            "free some space or choose another `scratch`"
        )


def _compile(pattern: str) -> Bounded:
    try:
        return Bounded(pattern)
    except ValueError as error:
        raise UsageError(f"{pattern!r} is not a regular expression ({error}); fix it") from error
