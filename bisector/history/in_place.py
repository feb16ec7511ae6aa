"""The user's own checkout, used for one probe of its commit and restored afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from bisector.errors import HistoryError
from bisector.history.private import private_in
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree

_ELSEWHERE = "or name the commit to probe it in a scratch worktree"


class CleanBuildNeeded(Exception):
    """The commit does not build here, and a clean build would delete the user's ignored files."""


class InPlace(Worktree):
    """The checkout at `path` as a worktree.

    It checks out nothing. `remove` restores tracked files and deletes new untracked files; older untracked
    files and ignored files, such as build products, stay. The folder `keep` is left alone. `overlaid` are the
    paths that the overlay writes to.
    """

    is_scratch = False

    def __init__(self, repository: Repository, path: Path, keep: Path, overlaid: Sequence[str] = ()) -> None:
        # This private repository stays empty: the checkout has its own objects.
        super().__init__(private_in(keep, repository), path)
        self.path, self._ours = path, repository.own_git_folder
        self._keep = keep
        self.aside = keep if keep.is_relative_to(path) else None
        self._overlaid = overlaid
        self._there: frozenset[str] = frozenset()
        self._folders: frozenset[str] = frozenset()
        self._touched = False

    def create(self, commit: str) -> None:
        """Record the current state.

        Raises `HistoryError` if there are local changes, which would affect the judgement on `commit`, or if
        the overlay would overwrite untracked files.
        """
        changed, untracked = self._status()
        if changed:
            raise HistoryError(
                f"{self.path} has local changes ({', '.join(changed[:3])}{', ...' if changed[3:] else ''}), "
                f"which are not part of {commit[:12]}; commit or stash them (if a killed probe left them, "
                f"run `git checkout -- .`), {_ELSEWHERE}"
            )
        if own := self._below_overlay():
            raise HistoryError(
                f"the overlay writes to {own[0]}, which is an untracked file in {self.path}; "
                f"move it away, {_ELSEWHERE}"
            )
        self._there = frozenset(untracked)
        self._folders = frozenset(self._beside(self._others("--exclude-standard", "--directory")))

    def checkout(
        self, commit: str, *, clean: bool = False, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Undo what an earlier try changed; never sparse. Raises `CleanBuildNeeded` for `clean`."""
        if clean:
            raise CleanBuildNeeded(commit)
        if self._touched:
            self.remove()
        self._touched = True

    def remove(self) -> None:
        """Restore the checkout."""
        changed, untracked = self._status()
        if changed:
            self._git("restore", "--source=HEAD", "--staged", "--worktree", "--quiet", "--", ":/")
            _, untracked = self._status()
        for name in {*untracked, *self._below_overlay()} - self._there:
            if not name.endswith("/"):
                self._remove_file(name)

    def _remove_file(self, name: str) -> None:
        """Also removes folders that become empty and were not there before."""
        (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in Path(name).parents[:-1]:
                if f"{folder}/" in self._folders:
                    break
                (self.path / folder).rmdir()

    def _status(self) -> tuple[list[str], list[str]]:
        """Tracked files that differ from the commit, in the index or on disk; and untracked files."""
        out = self.repository.git(
            *("--no-optional-locks", "status", "--porcelain", "-z", "--no-renames"),
            *("--untracked-files=all", "--ignore-submodules=all"),
            folder=self.path,
        )
        entries = [_name(entry) for entry in out.split(b"\0") if entry]
        untracked = [entry[3:] for entry in entries if entry.startswith("??")]
        return [entry[3:] for entry in entries if not entry.startswith("??")], self._beside(untracked)

    def _beside(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if not (self.path / name).is_relative_to(self._keep)]

    def _below_overlay(self) -> list[str]:
        """Untracked files that the overlay has written, ignored or not."""
        return self._others("--", *self._overlaid) if self._overlaid else []

    def _others(self, *how: str) -> list[str]:
        out = self.repository.git("--literal-pathspecs", "ls-files", "--others", "-z", *how, folder=self.path)
        return [_name(entry) for entry in out.split(b"\0") if entry]


def _name(entry: bytes) -> str:
    return entry.decode(errors="surrogateescape")
