"""A scratch worktree: the only thing that is ever added to a user's repository, and taken away again."""

from __future__ import annotations

import shutil
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.repository import GitFailure, Repository


class Worktree:
    """A detached worktree at `path`, laid out for one commit after another.

    Every method raises `InfrastructureFault` when git or the disk fails.
    """

    def __init__(self, repository: Repository, path: Path) -> None:
        self.repository = repository
        self.path = path

    def create(self, commit: str) -> None:
        """Register the worktree, with nothing checked out yet; what a dead hunt left at `path` goes first."""
        self.remove()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        root = self.repository.path
        self._git(root, "worktree", "add", "--detach", "--no-checkout", str(self.path), commit)

    def checkout(self, commit: str, *, clean: bool = False) -> None:
        """Lay out `commit`: tracked files exactly, untracked ones gone.

        Ignored files, which are what builds make, go only if `clean`.
        """
        self._git(self.path, "checkout", "--force", "--detach", "--quiet", commit)
        self._git(self.path, "clean", "-ffdqx" if clean else "-ffdq")

    def remove(self) -> None:
        """Take the worktree away, folder and registration; nothing happens where neither is there."""
        registrations = self._registered_in() / "worktrees"
        shutil.rmtree(self.path, ignore_errors=True)
        for entry in registrations.glob("*/gitdir"):
            # `git worktree prune` would also drop the user's own worktrees on disks not mounted now.
            if Path(entry.read_text().strip()) == self.path / ".git":
                shutil.rmtree(entry.parent, ignore_errors=True)
        if registrations.is_dir() and not any(registrations.iterdir()):
            registrations.rmdir()

    def _registered_in(self) -> Path:
        """The git folder that knows this worktree: of another repository, if its hunt died here."""
        pointer = self.path / ".git"
        if pointer.is_file():
            return Path(pointer.read_text().removeprefix("gitdir:").strip()).parent.parent
        return self.repository.git_folder

    def _git(self, folder: Path, *arguments: str) -> None:
        try:
            self.repository.git(*arguments, folder=folder)
        except GitFailure as error:
            raise InfrastructureFault(f"git {arguments[0]} failed in {folder}: {error}") from error
