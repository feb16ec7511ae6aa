"""The files that an overlay writes, and their removal from a slot whose next commit may not get them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.cherry_pick import changed_by
from bisector.history.repository import GitFailure, Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file.overlay import Change, CherryPick, Patch
from bisector.probe.output_files import remove


def written_by(
    changes: Sequence[Change], repository: Repository, resolve: Callable[[str], str]
) -> tuple[str, ...]:
    """The files and folders that `changes` may write; `resolve` turns a revision into a commit id."""
    return tuple(dict.fromkeys(path for change in changes for path in _written(change, repository, resolve)))


def remove_left(changes: Sequence[Change], worktree: Worktree, resolve: Callable[[str], str]) -> None:
    """Remove from a slot the files that `changes` brought to an earlier commit there, also ignored ones.

    Changes that every commit gets replace their files anyway. Raises `InfrastructureFault`.
    """
    some = [change for change in changes if change.when or isinstance(change, Patch | CherryPick)]
    paths = written_by(some, worktree.repository, resolve)
    if not paths:
        return
    try:
        out = worktree.ask("--literal-pathspecs", "ls-files", "--others", "-z", "--full-name", "--", *paths)
    except GitFailure as error:
        raise InfrastructureFault(f"git cannot list the files in {worktree.path}: {error}") from error
    for name in out.split(b"\0"):
        if name:
            path = worktree.path / os.fsdecode(name)
            remove(path)
            _remove_empty(path.parent, worktree.path)


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove `folder` and those above it below `top`, as far as they are empty."""
    with contextlib.suppress(OSError):
        while folder != top:
            folder.rmdir()
            folder = folder.parent


def _written(change: Change, repository: Repository, resolve: Callable[[str], str]) -> Iterator[str]:
    if isinstance(change, CherryPick):
        yield from changed_by(repository, resolve(change.cherry_pick))
    elif isinstance(change, Patch):
        yield from _patched(change, repository)
    elif change.target:
        yield change.target


def _patched(change: Patch, repository: Repository) -> Iterator[str]:
    """The paths in a patch, as `git apply --numstat -z` prints them; none if it cannot be read."""
    try:
        out = repository.git("apply", "--numstat", "-z", str(change.patch))
    except GitFailure:
        return
    fields = iter(out.decode(errors="surrogateescape").split("\0"))
    for field in fields:
        name = field.split("\t", 2)[2:]
        if name == [""]:
            yield from (next(fields), next(fields))
        elif name:
            yield name[0]
