"""Edits of files as old and new text, and the changes of commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bisector.errors import EnvironmentFault

Files = dict[str, str]
"""A tree of files: path from the repository's root -> text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old`, which occurs exactly once in the file at `path`, by `new`."""

    path: str
    old: str
    new: str

    def apply(self, files: Files) -> None:
        """Edit `files` in place; raises EnvironmentFault if `old` does not occur exactly once."""
        found = files.get(self.path, "").count(self.old)
        if found != 1:
            raise EnvironmentFault(
                f"cannot create the sample history: {self.path} has {self.old.strip()[:60]!r} "
                f"{found} times, not once; reinstall bisector"
            )
        files[self.path] = files[self.path].replace(self.old, self.new)


def above(path: str, anchor: str, text: str) -> Edit:
    """An edit that inserts `text` above the line `anchor`, which stays."""
    return Edit(path, anchor, f"{text}\n{anchor}")


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one commit: edits, tests added to a guest (`grow`), Tcl's raised watchdog (seconds)."""

    subject: str
    edits: tuple[Edit, ...] = ()
    grow: tuple[str, int] | None = None
    watchdog: int = 0


def apply_all(edits: Iterable[Edit], files: Files) -> None:
    """Apply edits in order, in place."""
    for edit in edits:
        edit.apply(files)
