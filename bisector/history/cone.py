"""The part of a tree that a sparse checkout lays out, as git's cone patterns.

A cone holds folders with all that is in them, and the files that lie directly in a folder above these
(git-sparse-checkout(1), "Internals: cone mode pattern set").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

WHOLE = "/*\n"
"""The pattern of a checkout that is not sparse."""


def patterns(paths: Iterable[str]) -> str:
    """The cone of these files and folders, from the top of the repository; '.' is all of it."""
    named = {PurePosixPath(path) for path in paths}
    if PurePosixPath() in named:
        return WHOLE
    # In a folder that is laid out with all that is in it, git would take a further one for a limit.
    wanted = {path for path in named if named.isdisjoint(path.parents)}
    above = {folder for path in wanted for folder in path.parents} - wanted
    lines = [WHOLE, "!/*/\n"]
    for path in sorted({*wanted, *above} - {PurePosixPath()}):
        name = _escaped(path)
        if path in wanted:
            lines.append(f"/{name}/\n")
        else:
            lines.append(f"/{name}/\n!/{name}/*/\n")
    return "".join(lines)


def _escaped(path: PurePosixPath) -> str:
    return re.sub(r"([\\*?\[\]])", r"\\\1", str(path))
