"""The last lines of a log, read from its end."""

from __future__ import annotations

import os
from pathlib import Path

from bisector.probe.terminal_codes import without_codes

_READ = 32 * 1024
"""Bytes read from the end of a log, however long it is."""
_LINE = 400
"""Characters kept of one line."""


def log_tail(log: Path, lines: int = 10) -> list[str]:
    """The last `lines` lines of `log` as a terminal would show them; empty if it is missing or unreadable.

    Reads at most 32 KiB, so that a huge log costs nothing, and cuts lines of more than 400 characters. Blank
    lines at the end, terminal colours and what a carriage return overwrote are left out. The text is still
    hostile: whoever shows it must escape it.
    """
    text, is_whole = _end_of(log)
    found = [_as_shown(line) for line in text.split("\n")]
    if not is_whole:
        found = found[1:] or found  # The first line is most likely only the end of one.
    while found and not found[-1].strip():
        found.pop()
    return found[-lines:] if lines > 0 else []


def _end_of(log: Path) -> tuple[str, bool]:
    """The end of the file, and whether that is all of it."""
    try:
        if not log.is_file():  # Opening a pipe would wait for a writer.
            return "", True
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(size - _READ, 0))
            return stream.read(_READ).decode(errors="replace"), size <= _READ
    except OSError:
        return "", True


def _as_shown(line: str) -> str:
    shown = without_codes(line).rstrip("\r").rpartition("\r")[2].rstrip()
    return shown if len(shown) <= _LINE else f"{shown[: _LINE - 1]}…"
