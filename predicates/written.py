"""The files of a run that one predicate named, of all that the parts of a combination named."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from bisector.predicate import Run


def files_of(run: Run, glob: str) -> Mapping[str, str]:
    """The texts of the files of `run` that match the path or glob, by path; `**` stands for any folders."""
    wanted = posixpath.normpath(glob)
    parts = wanted.split("/")
    return {
        path: text for path, text in run.files.items() if path == wanted or _match(path.split("/"), parts)
    }


def _match(path: Sequence[str], glob: Sequence[str]) -> bool:
    if not glob:
        return not path
    if glob[0] == "**":
        inside = path.count("..") == 0  # Folders below the one so far.
        return any(_match(path[at:], glob[1:]) for at in range(len(path) + 1 if inside else 1))
    return bool(path) and fnmatchcase(path[0], glob[0]) and _match(path[1:], glob[1:])
