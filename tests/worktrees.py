"""Scratch worktrees as a hunt makes them, for tests that need no hunt."""

from __future__ import annotations

from pathlib import Path

from bisector.history.private import PrivateRepository
from bisector.history.repository import Repository


def private(repository: Path) -> PrivateRepository:
    """The private repository of the one at `repository`, in a folder beside it."""
    return PrivateRepository(Repository(repository), repository.with_name(f"{repository.name}-private"))
