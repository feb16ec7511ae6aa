"""Merges three versions of a text with git."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from bisector.history.repository import run_git

_WORD = re.compile(r"\w+|\W")


def merged(ours: str, base: str, theirs: str) -> str:
    """Apply the changes from `base` to `theirs` to `ours`; `theirs` wins if both change the same place.

    Git merges lines, so each word is passed as a line of its own: then two changes in one line can merge.
    """
    with tempfile.TemporaryDirectory(prefix="bisector-merge-") as name:
        folder = Path(name)
        for version, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            (folder / version).write_text("".join(f"{json.dumps(word)}\n" for word in _WORD.findall(text)))
        out = run_git(folder, "merge-file", "-p", "--quiet", "--theirs", "ours", "base", "theirs")
    return "".join(map(json.loads, out.decode().splitlines()))
