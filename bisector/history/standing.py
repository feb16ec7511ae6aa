"""The git view of a work tree after a test: its tracked and untracked files, and its git folder."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.laid_out import LaidOut
from bisector.history.removal import take_away, unlock
from bisector.history.repository import GitFailure
from bisector.history.worktree import Worktree

_ELSEWHERE = re.compile(r"(modules/.*/)?(objects/(?!info)[^/]*|worktrees|lfs|index)", re.DOTALL)
"""Paths in `.git` that are ignored: objects are only ever added, the index is compared by its times."""


def tracked_files(worktree: Worktree) -> frozenset[str]:
    """The paths in the index."""
    return frozenset(_names(_git(worktree, "ls-files", "-z", "--full-name")))


def changed_files(worktree: Worktree) -> frozenset[str]:
    """The tracked files that differ from their commit, changed by an overlay or a build."""
    out = _git(
        *(worktree, "--no-optional-locks", "status", "--porcelain", "-z", "--no-renames"),
        *("--untracked-files=no", "--ignore-submodules=all"),
    )
    return frozenset(name[3:] for name in _names(out))


def untracked(worktree: LaidOut) -> list[str]:
    """Untracked files, ignored or not; `folder/` for a wholly untracked folder."""
    try:
        names = _names(worktree.ask("ls-files", "--others", "--directory", "-z", "--full-name"))
    except GitFailure as error:
        raise InfrastructureFault(f"git cannot list the files in {worktree.path}: {error}") from error
    for path, inside in worktree.submodule_trees.items():
        names += [f"{path}/{name}" for name in untracked(inside)]
    return names


def restore(worktree: Worktree, commit: str, paths: Iterable[str]) -> None:
    """Restore these tracked files from `commit`."""
    listed = b"\0".join(os.fsencode(path) for path in paths)
    _git(
        *(worktree, "--literal-pathspecs", "checkout", "--quiet", commit),
        *("--pathspec-from-file=-", "--pathspec-file-nul"),
        stdin=listed,
    )


class GitState:
    """The contents of a scratch worktree's `.git`: refs, configuration, index, unfinished commands, hooks.

    `put_back` restores them.
    """

    def __init__(self, worktree: Worktree) -> None:
        self._worktree = worktree
        self._folder = worktree.git_folder
        self._files = self._read()
        self._index = self._index_times()

    def put_back(self) -> None:
        """Undo git commands of a test, such as `git commit`, `git add` or an unfinished rebase."""
        if self._folder.is_symlink() or not self._folder.is_dir():
            take_away(self._folder)
        unlock(self._folder)
        files = self._read()
        if files == self._files and self._index_times() == self._index:
            return
        for path in sorted(files.keys() - self._files.keys(), reverse=True):
            _remove(self._folder / path)
        for path, content in sorted(self._files.items()):
            if content is None:
                (self._folder / path).mkdir(parents=True, exist_ok=True)
            elif files.get(path) != content:
                _remove(self._folder / path)
                (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self._folder / path).write_bytes(content)
        if self._index_times() != self._index:
            shutil.copy2(self._worktree.index, self._folder / "index")
        self._files, self._index = self._read(), self._index_times()

    def _read(self) -> dict[str, bytes | None]:
        """Contents of files by path; None for folders."""
        found: dict[str, bytes | None] = {}
        pending = [self._folder]
        while pending:
            with contextlib.suppress(FileNotFoundError), os.scandir(pending.pop()) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    name = str(path.relative_to(self._folder))
                    if _ELSEWHERE.fullmatch(name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        found[name] = None
                        pending.append(path)
                    elif entry.is_file(follow_symlinks=False):
                        found[name] = path.read_bytes()
                    else:
                        found[name] = b""
        return found

    def _index_times(self) -> tuple[int, ...]:
        try:
            status = (self._folder / "index").lstat()
        except FileNotFoundError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        take_away(path)
    else:
        path.unlink(missing_ok=True)


def _git(worktree: Worktree, *arguments: str, stdin: bytes | None = None) -> bytes:
    worktree.require_whole()
    try:
        return worktree.ask(*arguments, stdin=stdin)
    except GitFailure as error:
        raise InfrastructureFault(f"git cannot read the state of {worktree.path}: {error}") from error


def _names(out: bytes) -> list[str]:
    return [os.fsdecode(name) for name in out.split(b"\0") if name]
