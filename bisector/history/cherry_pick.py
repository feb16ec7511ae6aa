"""Applies the changes of another commit to the files in a slot, as `git cherry-pick --no-commit` does.

The slot's own index and HEAD stay as they are, and so does the user's repository.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.own_git_folder import own_git_folder
from bisector.history.repository import GitFailure, Repository
from bisector.history.worktree import Worktree

_CONFLICT = 1
"""The exit code of `git cherry-pick` for changes that do not apply (git-cherry-pick(1))."""
_GITLINK = "160000"
_NAMED = 5


class Conflict(Exception):
    """The changes do not apply; the message says where."""


def changed_by(repository: Repository, commit: str) -> dict[str, bool]:
    """The paths that `commit` changes against its first parent, and whether each is a submodule."""
    parents = repository.parents(commit)
    trees = [parents[0], commit] if parents else ["--root", commit]
    out = repository.git("diff-tree", "--no-commit-id", "-r", "-z", "--raw", "--no-renames", *trees)
    fields = out.decode(errors="surrogateescape").split("\0")[:-1]
    return {path: _GITLINK in raw for raw, path in zip(fields[::2], fields[1::2], strict=True)}


def pick(worktree: Worktree, onto: str, commit: str) -> None:
    """Apply what `commit` changes against its first parent to the files in the slot, where `onto` stands.

    Three-way, on top of local changes. Raises `Conflict`, after which the files are as before, and
    `InfrastructureFault` if git or the disk fails.
    """
    changes = changed_by(worktree.repository, commit)
    if moved := [path for path, is_submodule in changes.items() if is_submodule]:
        raise Conflict(f"it moves the submodule {', '.join(moved[:_NAMED])}, which cannot be picked")
    with own_git_folder(worktree.private, onto) as folder:
        _Picking(worktree, folder).apply(commit, list(changes))


class _Picking:
    """A cherry-pick in `worktree` with the index and the HEAD of the git folder `folder`."""

    def __init__(self, worktree: Worktree, folder: Path) -> None:
        self._worktree = worktree
        self._folder = folder

    def apply(self, commit: str, paths: Sequence[str]) -> None:
        """Apply the changes of `commit`, to these paths."""
        try:
            shutil.copy2(self._worktree.index, self._folder / "index")
            self._stage(paths)
            before = self._git("write-tree").decode().strip()
        except (OSError, GitFailure) as error:
            raise self._fault(error) from error
        mainline = ["--mainline=1"] if len(self._worktree.repository.parents(commit)) > 1 else []
        try:
            self._git("-c", "rerere.enabled=false", "cherry-pick", "--no-commit", *mainline, commit)
        except GitFailure as error:
            if error.status != _CONFLICT:
                raise self._fault(error) from error
            raise Conflict(self._undone(before, str(error))) from error

    def _stage(self, paths: Sequence[str]) -> None:
        """Take over what earlier changes of the overlay did, which git would refuse to overwrite."""
        self._git("add", "--update", ".")
        there = [path for path in paths if self._is_file(path)]
        listed = b"".join(os.fsencode(path) + b"\0" for path in there)
        how = ("--force", "--pathspec-from-file=-", "--pathspec-file-nul")
        if there:
            self._git("--literal-pathspecs", "add", *how, stdin=listed)

    def _is_file(self, path: str) -> bool:
        """Whether a file or link is in the slot at `path`, and not behind another link."""
        top = self._worktree.path
        above = [top / parent for parent in Path(path).parents]
        place = top / path
        return (place.is_file() or place.is_symlink()) and not any(one.is_symlink() for one in above[:-1])

    def _undone(self, before: str, said: str) -> str:
        """Restore the files; returns in which ones the changes conflict."""
        try:
            out = self._git("diff", "--name-only", "--diff-filter=U", "-z")
            self._git("read-tree", "--reset", "-u", before)
        except GitFailure as error:
            raise self._fault(error) from error
        names = sorted(set(out.decode(errors="surrogateescape").split("\0")) - {""})
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"it conflicts in {', '.join(names[:_NAMED])}{more}" if names else said

    def _git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        within = (f"--git-dir={self._folder}", f"--work-tree={self._worktree.path}")
        return self._worktree.repository.git(*within, *arguments, folder=self._worktree.path, stdin=stdin)

    def _fault(self, error: Exception) -> InfrastructureFault:
        return InfrastructureFault(f"git cherry-pick failed in {self._worktree.path}: {error}")
