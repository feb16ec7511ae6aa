"""The files that a commit may begin to need: those that the lines it adds name.

A program may take a default without a word where a file is missing, so its output names none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bisector.history.patch import CommitPatch, patch_of
from bisector.history.repository import GitFailure, Repository

_NAME = re.compile(r"[\w./@+-]*[\w@+-]")
_MOST = 1000
"""Names after which no more are looked up."""


def named_by_change(repository: Repository, commit: str) -> list[str]:
    """The words of the lines that a commit adds, which may be names of files, each once.

    Also as a path from the folder of the changed file. Most are no files: only those that a checkout has,
    and git has not, tell anything.
    """
    try:
        patch = patch_of(repository, commit)
    except GitFailure:
        return []
    found: dict[str, None] = {}
    for file, line in added_lines(patch):
        folder = PurePosixPath(file).parent
        for match in _NAME.finditer(line):
            if name := match[0].lstrip("/"):
                found |= {name: None, str(folder / name): None}
        if len(found) > _MOST:
            break
    return list(found)[:_MOST]


def added_lines(patch: CommitPatch) -> Iterator[tuple[str, str]]:
    """The changed file and the text of each line that a patch adds."""
    for file in patch.files:
        yield from ((file.name, line[1:]) for line in file.lines if line.startswith("+"))
