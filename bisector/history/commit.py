"""A commit as shown to the user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """One commit: full ids, author name, and author date with its UTC offset."""

    id: str
    parents: tuple[str, ...]
    subject: str
    author: str
    date: datetime

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits of the id."""
        return self.id[:12]
