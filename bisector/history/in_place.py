"""The user's own checkout, for one probe of the commit that stands there: all is put back afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from bisector.errors import HistoryError
from bisector.history.private import private_in
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree

_ELSEWHERE = "or name the commit: then it is probed in a scratch worktree"


class CleanBuildNeeded(Exception):
    """The commit does not build here; a clean build would take what the user keeps in ignored files."""


class InPlace(Worktree):
    """The checkout at `path`, in place of a scratch worktree.

    Nothing is checked out. In the end tracked files are as before, and untracked ones that were not there
    before are gone; those that were there stay, and so do ignored ones, which are what builds make. What
    lies in the folder `keep` is not looked at. `overlaid` are the paths that an overlay writes to.
    """

    is_scratch = False

    def __init__(self, repository: Repository, path: Path, keep: Path, overlaid: Sequence[str] = ()) -> None:
        # Nothing is brought into this private repository: the checkout has all of its own.
        super().__init__(private_in(keep, repository), path)
        self.path, self._ours = path, repository.own_git_folder
        self._keep = keep
        self.aside = keep if keep.is_relative_to(path) else None
        self._overlaid = overlaid
        self._there: frozenset[str] = frozenset()
        self._folders: frozenset[str] = frozenset()
        self._touched = False

    def create(self, commit: str) -> None:
        """Remember what is there.

        Raises `HistoryError` where local changes would be judged along with `commit`, or an overlay would
        overwrite files that git does not have.
        """
        changed, untracked = self._status()
        if changed:
            raise HistoryError(
                f"{self.path} has local changes ({', '.join(changed[:3])}{', ...' if changed[3:] else ''}), "
                f"which are no part of {commit[:12]}; commit or stash them (a probe that was killed may have "
                f"left them: then `git checkout -- .`), {_ELSEWHERE}"
            )
        if own := self._below_overlay():
            raise HistoryError(
                f"the overlay writes to {own[0]}, which you have in {self.path} and git does not; "
                f"move it away, {_ELSEWHERE}"
            )
        self._there = frozenset(untracked)
        self._folders = frozenset(self._beside(self._others("--exclude-standard", "--directory")))

    def checkout(
        self, commit: str, *, clean: bool = False, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Put back what an earlier try changed; raises `CleanBuildNeeded` for `clean`; it is never sparse."""
        if clean:
            raise CleanBuildNeeded(commit)
        if self._touched:
            self.remove()
        self._touched = True

    def remove(self) -> None:
        """Put everything back."""
        changed, untracked = self._status()
        if changed:
            self._git("restore", "--source=HEAD", "--staged", "--worktree", "--quiet", "--", ":/")
            _, untracked = self._status()
        for name in {*untracked, *self._below_overlay()} - self._there:
            if not name.endswith("/"):
                self._remove_file(name)

    def _remove_file(self, name: str) -> None:
        """With the folders that it leaves empty, as a test may make them again the next time."""
        (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in Path(name).parents[:-1]:
                if f"{folder}/" in self._folders:
                    break
                (self.path / folder).rmdir()

    def _status(self) -> tuple[list[str], list[str]]:
        """Tracked files that differ from the commit, in the index or on disk; untracked ones."""
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
        """What the overlay has written beside tracked files, ignored or not."""
        return self._others("--", *self._overlaid) if self._overlaid else []

    def _others(self, *how: str) -> list[str]:
        out = self.repository.git("--literal-pathspecs", "ls-files", "--others", "-z", *how, folder=self.path)
        return [_name(entry) for entry in out.split(b"\0") if entry]


def _name(entry: bytes) -> str:
    return entry.decode(errors="surrogateescape")
