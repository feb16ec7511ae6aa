"""A scratch worktree whose files outlive it, so that what was built there need not be built again."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bisector.history.private import PrivateRepository
from bisector.history.worktree import Worktree


class KeptWorktree(Worktree):
    """A worktree at `home` that comes back as it was left, files with their times, from the folder `kept`.

    It comes back to the same path, which builds may have written down.
    """

    def __init__(self, private: PrivateRepository, home: Path, kept: Path) -> None:
        super().__init__(private, home)
        self._kept = kept
        self.is_back = False

    def create(self, commit: str) -> None:
        """Make the folder, with what was kept of it or with nothing checked out yet."""
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
        """Put the files away, all at once or not at all."""
        if self._inside:
            return  # Which submodules are laid out is not kept.
        with contextlib.suppress(OSError):
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            self.home.rename(self._kept)
