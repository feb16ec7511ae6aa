"""The modules that a Python file imports, also as names from a package."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path


def imported(text: str, file: Path, folders: Sequence[Path]) -> Iterator[tuple[str, Sequence[Path]]]:
    """For each import its dotted name, and the folders in which that is looked up.

    `from package import name` gives `package.name` too, since the name may be a module. Yields nothing for a
    text that this version of Python cannot parse.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, folders) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            where = [file.parents[node.level - 1]] if 0 < node.level <= len(file.parents) else folders
            inside = f"{node.module}." if node.module else ""
            yield from ((f"{inside}{alias.name}", where) for alias in node.names)
