"""Resets a slot before each test to the state after checkout and build."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.standing import GitState, changed_files, restore, tracked_files
from bisector.history.worktree import Worktree
from bisector.hunt_file.model import Hunt
from bisector.hunt_file.setup import keeps_of
from bisector.probe.beside import copies_of, own_beside
from bisector.probe.copying import copy_bytes
from bisector.probe.globs import matcher
from bisector.probe.output_files import remove
from bisector.probe.walking import Entry, entry_of, make_writable, walk

_LARGEST_COPY = 256 * 1024 * 1024


class Back(IntEnum):
    """How far a slot was reset."""

    WHOLE = 0
    TO_LAY_OUT = 1
    """It needs another checkout and its outputs restored, which recreates the files that a test damaged."""
    TO_BUILD_CLEAN = 2
    """It needs a clean build: a test changed or removed built files that have no copy."""


class Start:
    """The state of `worktree` now, after `commit` was checked out and built.

    Files that match a glob in `keeps` belong to the tests and stay. `outputs` are those that the store can
    restore. `laid_over` says whether an overlay or a build may have changed tracked files. `fragile` are
    paths that tests have damaged before: they are copied to the folder `copies`, and `put_back` adds to them.
    Raises `InfrastructureFault` if disk or git fail.
    """

    def __init__(
        self,
        worktree: Worktree,
        commit: str,
        copies: Path,
        fragile: set[str],
        *,
        keeps: Sequence[str] = (),
        outputs: Sequence[str] = (),
        laid_over: bool = True,
    ) -> None:
        self._worktree = worktree
        self._root = worktree.path
        self._apart = _apart(worktree)
        self._commit = commit
        self._outputs = outputs
        self._keeps = keeps
        self._is_kept = matcher(keeps)
        self._fragile = fragile
        self._laid_over = changed_files(worktree) if laid_over else frozenset()
        self._git = GitState(worktree) if worktree.is_scratch else None
        self._files = self._walk()
        self._names = _names_by_inode(self._files)
        self._copies = self._copied(copies)

    def put_back(self) -> Back:
        """Remove the files that a test left, and restore those it changed, as far as possible."""
        try:
            after = self._walk(unlock=True)
            differing = {path for path, _ in self._files.items() ^ after.items() if not self._is_kept(path)}
            if self._git:
                self._git.put_back()
            return self._put_back(differing) if differing else Back.WHOLE
        except OSError as error:
            raise InfrastructureFault(
                f"cannot clean up after a test in {self._root}: {error}; check which process uses it"
            ) from error

    def _put_back(self, differing: set[str]) -> Back:
        folders = {str(Path(path).parent) for path in differing} | (differing & self._folders())
        for folder in sorted(folders):
            make_writable(self._root / folder)
        for path in sorted(differing - self._files.keys(), reverse=True):
            self._take_away(self._root / path)
        wanted = sorted(differing & self._files.keys())
        spoilt = set(wanted)
        spoilt -= {path for path in wanted if self._made_again(path, spoilt)}
        back = self._from_git(spoilt)
        for folder in sorted(folders & self._folders(), reverse=True):
            mode, _, _, modified, *_ = self._files[folder]
            (self._root / folder).chmod(stat.S_IMODE(mode))
            os.utime(self._root / folder, ns=(modified, modified))
        for path in wanted:
            with contextlib.suppress(FileNotFoundError):
                self._files[path] = entry_of(self._root / path)
        return back

    def _take_away(self, path: Path) -> None:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        elif not (self._keeps and any(path.iterdir())):
            path.rmdir()

    def _made_again(self, path: str, spoilt: set[str]) -> bool:
        """Recreate a folder, a link, a second name of a file that is not `spoilt`, or a file with a copy."""
        target, (mode, *_, modified, _, link) = self._root / path, self._files[path]
        if stat.S_ISDIR(mode):
            if not target.is_dir() or target.is_symlink():
                remove(target)
                target.mkdir(parents=True)
            return True
        remove(target)
        if link:
            target.symlink_to(link)
        elif twins := [one for one in self._names.get(path, ()) if one not in spoilt]:
            os.link(self._root / twins[0], target)
        elif path in self._copies:
            _copy(self._copies[path], target)
            os.utime(target, ns=(modified, modified))
        else:
            return bool(link)
        spoilt.discard(path)
        return True

    def _from_git(self, spoilt: set[str]) -> Back:
        """Restore tracked files with git; returns what else the slot needs."""
        if not spoilt:
            return Back.WHOLE
        tracked = spoilt & tracked_files(self._worktree)
        clean = tracked - self._laid_over
        if clean:
            restore(self._worktree, self._commit, clean)
        for path in clean:
            modified = self._files[path][3]
            # Otherwise make would consider it newer than its targets.
            os.utime(self._root / path, ns=(modified, modified))
        built = spoilt - tracked
        self._fragile.update(spoilt - clean)
        if not all(_lies_in(path, self._outputs) for path in built):
            return Back.TO_BUILD_CLEAN
        return Back.TO_LAY_OUT if spoilt - clean else Back.WHOLE

    def _walk(self, *, unlock: bool = False) -> dict[str, Entry]:
        return walk(self._root, self._apart, beside=self._worktree.is_scratch, unlock=unlock)

    def _folders(self) -> set[str]:
        return {path for path, entry in self._files.items() if stat.S_ISDIR(entry[0])}

    def _copied(self, folder: Path) -> dict[str, Path]:
        if not self._worktree.is_scratch:
            return {}
        shutil.rmtree(folder, ignore_errors=True)
        found: dict[str, Path] = {}
        for path in sorted(self._fragile & self._files.keys()):
            mode, _, size, *_ = self._files[path]
            if stat.S_ISREG(mode) and size <= _LARGEST_COPY:
                folder.mkdir(parents=True, exist_ok=True)
                found[path] = folder / str(len(found))
                _copy(self._root / path, found[path])
        return found


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its holes, mode and times."""
    copy_bytes(source, target)
    shutil.copystat(source, target)


def _names_by_inode(files: Mapping[str, Entry]) -> dict[str, list[str]]:
    """All names of each file that has several."""
    found: dict[int, list[str]] = {}
    for path, (mode, inode, *_) in files.items():
        if stat.S_ISREG(mode):
            found.setdefault(inode, []).append(path)
    return {path: names for names in found.values() if len(names) > 1 for path in names}


def start_of(hunt: Hunt, worktree: Worktree, commit: str, fragile: set[str]) -> Start:
    """The start of the tests of `commit`, which is built in the slot; `fragile` as in `Start`."""
    outputs = hunt.build.outputs if hunt.build else ()
    return Start(
        worktree,
        commit,
        copies_of(worktree.path),
        fragile,
        keeps=hunt.test.keeps,
        outputs=(*outputs, *keeps_of(hunt.setup)),
        laid_over=bool(hunt.setup or hunt.build or hunt.overlay),
    )


def _apart(worktree: Worktree) -> frozenset[str]:
    """Paths that do not belong to a slot: git's own folder, and bisector's files in and beside it."""
    tree = worktree.path
    aside = {str(worktree.aside.relative_to(tree))} if worktree.aside else set()
    return own_beside(tree) | {".git", *aside}


def _lies_in(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
