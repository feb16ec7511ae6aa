"""Undeclared files of builds: found, moved aside, brought back.

A slot that gets outputs from the store may contain undeclared files from builds of other commits, which must
not mix with them. They are moved out of the slot, and back before the next incremental build.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.inputs import covered
from bisector.history.removal import take_away
from bisector.history.standing import changed_files, untracked
from bisector.history.worktree import Worktree
from bisector.probe.beside import aside_of, made_beside
from bisector.probe.globs import matcher
from bisector.probe.output_files import opened_to_owner, remove

_TREE, _BESIDE = "tree", "beside"
"""Subfolders for files from the work tree, and from the folder that contains it."""


def left_beside(worktree: Worktree, declared: Sequence[str], keeps: Sequence[str]) -> tuple[str, ...]:
    """The files and empty folders that a build wrote and that are not `declared`, sorted.

    They are untracked, or tracked and changed or removed. Includes files beside a scratch work tree, as
    `../build/app`. Files that match a glob in `keeps` belong to the tests and do not count.
    """
    is_kept = matcher(keeps)
    found = {path for entry in undeclared(worktree) for path in _expanded(worktree.path, entry)}
    found |= changed_files(worktree)
    return tuple(sorted(path for path in found if not covered(path, declared) and not is_kept(path)))


def undeclared(worktree: Worktree) -> list[str]:
    """Untracked paths: `folder/` for a wholly untracked folder, `../name` beside the work tree."""
    return [*untracked(worktree), *made_beside(worktree)]


def put_aside(worktree: Worktree, keeps: Sequence[str]) -> None:
    """Move undeclared files of builds out of the slot; if that was already done, delete newer files instead.

    Raises `InfrastructureFault` if the disk fails; so does `bring_back`.
    """
    aside = aside_of(worktree.path)
    is_first = not aside.exists()
    for entry in _others(worktree, keeps):
        if is_first:
            _move(worktree.path / entry, aside / _place(entry))
        else:
            remove(worktree.path / entry)
    aside.mkdir(exist_ok=True)


def bring_back(worktree: Worktree, keeps: Sequence[str]) -> None:
    """Undo `put_aside`, except where the commit has its own files."""
    aside = aside_of(worktree.path)
    if aside.exists():
        for entry in _others(worktree, keeps):
            remove(worktree.path / entry)
        for inside, place in ((_TREE, worktree.path), (_BESIDE, worktree.path.parent)):
            if (aside / inside).exists():
                _merge(aside / inside, place)
        take_away(aside)


def forget_aside(worktree: Worktree) -> None:
    """Delete the files that were moved aside."""
    take_away(aside_of(worktree.path))


def _place(entry: str) -> str:
    """Where an entry of a slot goes in the folder of files moved aside."""
    return f"{_BESIDE}/{entry.removeprefix('../')}" if entry.startswith("../") else f"{_TREE}/{entry}"


def _others(worktree: Worktree, keeps: Sequence[str]) -> list[str]:
    entries = undeclared(worktree)
    if not keeps:
        return entries
    is_kept = matcher(keeps)
    files = (path for entry in entries for path in _expanded(worktree.path, entry))
    return [path for path in files if not is_kept(path)]


def _expanded(root: Path, entry: str) -> Iterator[str]:
    """The files and empty folders of an entry, which may be a folder."""
    if not entry.endswith("/"):
        yield entry
        return
    for above, folders, files in os.walk(root / entry):
        links = [name for name in folders if (Path(above) / name).is_symlink()]
        inside = os.path.relpath(above, root)
        yield from (f"{inside}/{name}" for name in (*files, *links))
        if not folders and not files:
            yield inside


def _merge(source: Path, target: Path) -> None:
    for path in source.iterdir():
        place = target / path.name
        if not os.path.lexists(place):
            _move(path, place)
        elif path.is_dir() and not path.is_symlink() and place.is_dir() and not place.is_symlink():
            _merge(path, place)


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened_to_owner(source.parent):
            if source.is_dir() and not source.is_symlink():
                mode = source.stat().st_mode
                source.chmod(mode | 0o700)  # Moving rewrites its `..`.
                shutil.move(source, target)
                target.chmod(mode)
            else:
                shutil.move(source, target)
    except OSError as error:
        raise InfrastructureFault(
            f"cannot move {source} to {target} ({error.strerror}); "
            "free some space or check which process uses it"
        ) from error
