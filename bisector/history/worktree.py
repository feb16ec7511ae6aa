"""A scratch worktree: one commit after another, laid out in a folder of bisector's own."""

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
    """A work tree at `home`/tree, laid out for one commit after another, with a repository of its own.

    `home` is nobody else's, so that a build may well go to `../build`. Submodules that the user has
    initialised are laid out with it, from the user's clones. Every method raises `InfrastructureFault` when
    git or the disk fails, `checkout` its kind `CommitFault` for a commit that cannot be laid out.
    """

    is_scratch = True
    """Whether all of it is bisector's own, and nothing the user's."""

    aside: Path | None = None
    """A folder in it that is no part of it."""

    def __init__(self, private: PrivateRepository, home: Path) -> None:
        tree = home / _TREE
        super().__init__(private, tree, home / OWN_FOLDER, tree / ".git")
        self.home = home

    def create(self, commit: str) -> None:
        """Make the folder, with nothing checked out yet; what a dead hunt left there goes first."""
        self.remove()
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise InfrastructureFault(
                f"no slot can be made in {self.home.parent} ({error.strerror}); choose another `scratch`"
            ) from error
        self.begin(commit)

    def checkout(
        self, commit: str, *, clean: bool = False, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Lay out `commit`: tracked files exactly, untracked ones gone but for those that match `keeps`.

        Its git is that of a fresh clone. Ignored files and what lies beside the work tree, which are what
        builds make, go only if `clean`. With `only` just these files and folders are laid out, and the files
        beside and above them: in a tree of 50,000 files that takes a tenth of the time.
        """
        self.require_whole()
        if clean:
            self._clean_beside()
        self.lay_out(commit, clean=clean, only=only, keeps=keeps)
        self.give_repository()

    @property
    def is_whole(self) -> bool:
        """Whether the folder is still there as `create` made it, nobody having taken it away."""
        return self.path.is_dir() and (self._ours / "HEAD").is_file()

    def require_whole(self) -> None:
        """Raise `InfrastructureFault` where the worktree was taken away under us."""
        if not self.is_whole:
            raise InfrastructureFault(
                f"the scratch worktree {self.path} was taken away while it was in use; leave it to the hunt"
            )

    def remove(self) -> None:
        """Take the folder away; nothing happens where there is none."""
        take_away(self.home)
        self.forget()

    def _clean_beside(self) -> None:
        for path in self.home.iterdir():
            if path.name not in (_TREE, OWN_FOLDER):
                take_away(path)
