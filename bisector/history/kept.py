"""A scratch worktree whose files are kept, so that its builds can be reused."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bisector.history.private import PrivateRepository
from bisector.history.worktree import Worktree


class KeptWorktree(Worktree):
    """A worktree at `home` that is restored from the folder `kept`, files with their times.

    It returns to the same path, since builds may have recorded that.
    """

    def __init__(self, private: PrivateRepository, home: Path, kept: Path) -> None:
        super().__init__(private, home)
        self._kept = kept
        self.is_back = False

    def create(self, commit: str) -> None:
        """Create the folder with the kept files, or with nothing checked out yet."""
        super().create(commit)
        if not self._kept.is_dir():
            return
        try:
            super().remove()
            self._kept.rename(self.home)
            self.is_back = True
        except OSError:
            super().create(commit)

    def keep(self) -> None:
        """Move the files to `kept`, atomically."""
        if self._inside:
            return  # The state of submodules cannot be restored.
        with contextlib.suppress(OSError):
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            self.home.rename(self._kept)
