"""Edits of files, declared as old and new text, and the changes that commits are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bisector.errors import EnvironmentFault

Files = dict[str, str]
"""A tree of files: path from the repository's root -> text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old`, which stands exactly once in the file at `path`, by `new`."""

    path: str
    old: str
    new: str

    def apply(self, files: Files) -> None:
        """Edit `files` in place; EnvironmentFault if `old` is not there exactly once."""
        found = files.get(self.path, "").count(self.old)
        if found != 1:
            raise EnvironmentFault(
                f"the sample history cannot be made: {self.path} has {self.old.strip()[:60]!r} "
                f"{found} times, not once; install bisector again"
            )
        files[self.path] = files[self.path].replace(self.old, self.new)


def above(path: str, anchor: str, text: str) -> Edit:
    """An edit that inserts `text` above the line `anchor`, which stays."""
    return Edit(path, anchor, f"{text}\n{anchor}")


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit does: edits, tests added to a guest (`grow`), Tcl's watchdog raised (seconds)."""

    subject: str
    edits: tuple[Edit, ...] = ()
    grow: tuple[str, int] | None = None
    watchdog: int = 0


def apply_all(edits: Iterable[Edit], files: Files) -> None:
    """Apply edits in order, in place."""
    for edit in edits:
        edit.apply(files)
