"""Scratch worktrees like those of a hunt, for tests without a hunt."""

from __future__ import annotations

from pathlib import Path

from bisector.history.private import PrivateRepository
from bisector.history.repository import Repository


def private(repository: Path) -> PrivateRepository:
    """The private repository of `repository`, in a folder next to it."""
    return PrivateRepository(Repository(repository), repository.with_name(f"{repository.name}-private"))
