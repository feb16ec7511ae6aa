"""Paths matched by globs, as in a `.gitignore`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells whether a path, or a folder above it, matches one of these globs."""
    parts = [_as_regex(glob) for glob in globs]
    if not parts:
        return lambda _path: False
    pattern = re.compile(f"(?:{'|'.join(parts)})(?:/.*)?", re.DOTALL)
    return lambda path: pattern.fullmatch(path) is not None


def _as_regex(glob: str) -> str:
    out = re.escape(glob.strip("/"))
    for written, meant in (
        (r"\*\*/", "(?:.*/)?"),
        (r"\*\*", ".*"),
        (r"\*", "[^/]*"),
        (r"\?", "[^/]"),
    ):
        out = out.replace(written, meant.replace("*", "\0"))
    return out.replace("\0", "*")
