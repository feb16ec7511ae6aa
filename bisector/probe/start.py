"""Where every test of a slot starts from: what was laid out and built, without what earlier tests left."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Collection, Sequence
from enum import IntEnum
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.standing import GitState, changed_files, restore, tracked_files
from bisector.history.worktree import Worktree
from bisector.hunt_file.model import Hunt
from bisector.probe.beside import copies_of, own_beside
from bisector.probe.globs import matcher
from bisector.probe.output_files import remove

Entry = tuple[int, int, int, int, int, str]
"""Mode, inode, size, times of modification and of change (nanoseconds), and where a symbolic link leads.

A time of change cannot be set, so that a file whose time of modification was put back is seen all the same.
Of folders only mode and time of modification count. The time of change of a file with several names does
not: it also changes with each of the others.
"""

_LARGEST_COPY = 256 * 1024 * 1024


class Back(IntEnum):
    """How far a slot came back to its start."""

    WHOLE = 0
    TO_LAY_OUT = 1
    """Laying out and restoring its outputs will do: what a test spoilt is made by that."""
    TO_BUILD_CLEAN = 2
    """A test changed or removed what a build had made, and nobody has it any more."""


class Start:
    """What stands in `worktree` now, after `commit` was laid out and built.

    What matches one of the globs `keeps` is a test's to keep. `outputs` are the build's that a store gives
    back. `laid_over` says whether an overlay or a build may have changed tracked files. `fragile` are the
    paths that tests were seen to spoil: of these a copy is kept in the folder `copies`, and `put_back` adds
    to them. Raises `InfrastructureFault` where disk or git fail.
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
        self._copies = self._copied(copies)

    def put_back(self) -> Back:
        """Take away what a test has left, and put back what it changed, as far as that can be had."""
        try:
            after = self._walk(unlock=True)
            differing = {path for path, _ in self._files.items() ^ after.items() if not self._is_kept(path)}
            if self._git:
                self._git.put_back()
            return self._put_back(differing) if differing else Back.WHOLE
        except OSError as error:
            raise InfrastructureFault(
                f"what a test left in {self._root} cannot be put right: {error}; look what holds it"
            ) from error

    def _put_back(self, differing: set[str]) -> Back:
        folders = {str(Path(path).parent) for path in differing} | (differing & self._folders())
        for folder in sorted(folders):
            _make_writable(self._root / folder)
        for path in sorted(differing - self._files.keys(), reverse=True):
            self._take_away(self._root / path)
        wanted = sorted(differing & self._files.keys())
        spoilt = {path for path in wanted if not self._made_again(path)}
        back = self._from_git(spoilt)
        for folder in sorted(folders & self._folders(), reverse=True):
            mode, _, _, modified, *_ = self._files[folder]
            (self._root / folder).chmod(stat.S_IMODE(mode))
            os.utime(self._root / folder, ns=(modified, modified))
        for path in wanted:
            with contextlib.suppress(FileNotFoundError):
                self._files[path] = _entry(self._root / path)
        return back

    def _take_away(self, path: Path) -> None:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        elif not (self._keeps and any(path.iterdir())):
            path.rmdir()

    def _made_again(self, path: str) -> bool:
        """Make a folder, a link, or a file of which there is a copy."""
        target, (mode, *_, modified, _, link) = self._root / path, self._files[path]
        if stat.S_ISDIR(mode):
            if not target.is_dir() or target.is_symlink():
                remove(target)
                target.mkdir(parents=True)
            return True
        remove(target)
        if link:
            target.symlink_to(link)
        elif path in self._copies:
            shutil.copy2(self._copies[path], target)
            os.utime(target, ns=(modified, modified))
        return bool(link) or path in self._copies

    def _from_git(self, spoilt: set[str]) -> Back:
        """Have git write what is its own; what then is left of the build?"""
        if not spoilt:
            return Back.WHOLE
        tracked = spoilt & tracked_files(self._worktree)
        clean = tracked - self._laid_over
        if clean:
            restore(self._worktree, self._commit, clean)
        for path in clean:
            modified = self._files[path][3]
            # So that make does not take it for newer than what was built of it.
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
                shutil.copy2(self._root / path, found[path])
        return found


def start_of(hunt: Hunt, worktree: Worktree, commit: str, fragile: set[str]) -> Start:
    """Where the tests of `commit` start from, which stands built in the slot; `fragile` as `Start` has it."""
    return Start(
        worktree,
        commit,
        copies_of(worktree.path),
        fragile,
        keeps=hunt.test.keeps,
        outputs=hunt.build.outputs if hunt.build else (),
        laid_over=bool(hunt.build or hunt.overlay),
    )


def _apart(worktree: Worktree) -> frozenset[str]:
    """What is no part of a slot: git's own folder, and what bisector puts in and beside its work tree."""
    tree = worktree.path
    aside = {str(worktree.aside.relative_to(tree))} if worktree.aside else set()
    return own_beside(tree) | {".git", *aside}


def walk(
    root: Path, apart: Collection[str], *, beside: bool = False, unlock: bool = False
) -> dict[str, Entry]:
    """All that lies below `root`, and with `beside` in the folder above it too, by path from `root`.

    What is `apart`, and all below it, is left out. `unlock` opens folders that cannot be read; what cannot
    be opened is passed over.
    """
    found: dict[str, Entry] = {".": _entry(root)}
    pending = ["", "../"] if beside else [""]
    while pending:
        above = pending.pop()
        for entry in _listed(f"{root}/{above}", unlock=unlock):
            path = above + entry.name
            if path in apart:
                continue
            try:
                found[path] = _of(entry.stat(follow_symlinks=False), entry.path)
            except FileNotFoundError:
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{path}/")
    return found


def _listed(folder: str, *, unlock: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        if not unlock:
            return []
    except OSError:
        return []
    _make_writable(Path(folder))
    return _listed(folder, unlock=False)


def _entry(path: Path) -> Entry:
    return _of(path.lstat(), str(path))


def _of(status: os.stat_result, path: str) -> Entry:
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        return mode, 0, 0, status.st_mtime_ns, 0, ""
    link = str(Path(path).readlink()) if stat.S_ISLNK(mode) else ""
    changed = status.st_ctime_ns if status.st_nlink == 1 else 0
    return mode, status.st_ino, status.st_size, status.st_mtime_ns, changed, link


def _make_writable(folder: Path) -> None:
    with contextlib.suppress(OSError):
        mode = folder.lstat().st_mode
        if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
            folder.chmod(mode | 0o700)


def _lies_in(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
