"""The cone patterns of a sparse checkout.

A cone contains whole folders, and the files directly in the folders above them
(git-sparse-checkout(1), "Internals: cone mode pattern set").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

WHOLE = "/*\n"
"""The pattern of a full checkout."""


def patterns(paths: Iterable[str]) -> str:
    """The cone of these files and folders, relative to the top of the repository; '.' is everything."""
    named = {PurePosixPath(path) for path in paths}
    if PurePosixPath() in named:
        return WHOLE
    # Drop folders inside a wanted folder: git would read them as a restriction of it.
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
