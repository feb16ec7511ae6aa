"""A scratch worktree whose files outlive it, so that what was built there need not be built again."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from bisector.history.repository import Repository
from bisector.history.worktree import Worktree


class KeptWorktree(Worktree):
    """A worktree at `path` that comes back as it was left, files with their times, from the folder `kept`.

    What is kept is no worktree for git. It comes back to the same path, which builds may have written down.
    """

    def __init__(self, repository: Repository, path: Path, kept: Path) -> None:
        super().__init__(repository, path)
        self._kept = kept
        self.is_back = False

    def create(self, commit: str) -> None:
        """Register the worktree, with what was kept of it or with nothing checked out yet."""
        super().create(commit)
        pointer = self.path / ".git"
        registration = pointer.read_bytes()
        shutil.rmtree(self.path)
        with contextlib.suppress(OSError):
            self._kept.rename(self.path)
            self.is_back = True
        self.path.mkdir(exist_ok=True)
        pointer.write_bytes(registration)
        if self.is_back:
            self._git("reset", "--quiet", commit)

    def keep(self) -> None:
        """Put the files away, all at once or not at all."""
        if self._inside:
            return  # Of a submodule's worktree git would know no more.
        with contextlib.suppress(OSError):
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            (self.path / ".git").unlink()
            self.path.rename(self._kept)
