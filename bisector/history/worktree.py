"""A scratch worktree: a folder of bisector's own where it checks out one commit after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.laid_out import LaidOut
from bisector.history.private import PrivateRepository
from bisector.history.removal import take_away

_TREE = "tree"
OWN_FOLDER = ".bisector"
"""Our git folder, beside the work tree."""


class Worktree(LaidOut):
    """A work tree at `home`/tree for one commit after another, with its own repository.

    Nothing else uses `home`, so a build may write to `../build`. Submodules that the user has initialised are
    checked out too, from the user's clones. Every method raises `InfrastructureFault` if git or the disk
    fails; `checkout` raises its subclass `CommitFault` if a commit cannot be checked out.
    """

    is_scratch = True
    """Whether it belongs to bisector alone and contains nothing of the user's."""

    aside: Path | None = None
    """A folder in the work tree that does not belong to it."""

    def __init__(self, private: PrivateRepository, home: Path) -> None:
        tree = home / _TREE
        super().__init__(private, tree, home / OWN_FOLDER, tree / ".git")
        self.home = home

    def create(self, commit: str) -> None:
        """Create the folder with nothing checked out yet; removes leftovers of a dead hunt."""
        self.remove()
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise InfrastructureFault(
                f"cannot create a slot in {self.home.parent} ({error.strerror}); choose another `scratch`"
            ) from error
        self.begin(commit)

    def checkout(
        self, commit: str, *, clean: bool = False, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Check out `commit`; deletes untracked files except those that match `keeps`.

        Its `.git` is that of a fresh clone. Ignored files and files beside the work tree (build products) are
        deleted only if `clean`. With `only`, the checkout is sparse: these files and folders, and the files
        beside and above them. In a tree of 50,000 files that takes a tenth of the time.
        """
        self.require_whole()
        if clean:
            self._clean_beside()
        self.lay_out(commit, clean=clean, only=only, keeps=keeps)
        self.give_repository()

    @property
    def is_whole(self) -> bool:
        """Whether the folder that `create` made still exists."""
        return self.path.is_dir() and (self._ours / "HEAD").is_file()

    def require_whole(self) -> None:
        """Raise `InfrastructureFault` if the worktree was deleted during use."""
        if not self.is_whole:
            raise InfrastructureFault(
                f"the scratch worktree {self.path} was deleted during use; do not touch it while a hunt runs"
            )

    def remove(self) -> None:
        """Remove the folder, if it exists."""
        take_away(self.home)
        self.forget()

    def _clean_beside(self) -> None:
        for path in self.home.iterdir():
            if path.name not in (_TREE, OWN_FOLDER):
                take_away(path)
