"""Applies a hunt's overlay to a commit: today's tests on yesterday's code, a raised deadline, a patch."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bisector.errors import EnvironmentFault
from bisector.history.cherry_pick import Conflict, pick
from bisector.history.repository import GitFailure, Repository
from bisector.history.worktree import Worktree
from bisector.hunt_file.overlay import Change, CherryPick, Copy, Edit, Patch, Place
from bisector.pattern import Bounded
from bisector.probe.inside import is_inside


class DoesNotApply(Exception):
    """A required change does not apply to this commit, which makes the commit untestable."""


def lay_over(
    changes: Sequence[Change], worktree: Worktree, commit: str, resolve: Callable[[str], str]
) -> None:
    """Apply `changes` in order to `commit`, checked out in a slot; `resolve` turns a revision into an id.

    Raises `DoesNotApply` if a required change does not apply, `EnvironmentFault` if a file that the hunt file
    names is missing, `InfrastructureFault` if git fails.
    """
    for change in changes:
        try:
            _apply(change, worktree, commit, resolve)
        except DoesNotApply:
            if not change.optional:
                raise


def applying(
    changes: Sequence[Change], worktree: Worktree, commit: str, resolve: Callable[[str], str]
) -> list[int]:
    """Do as `lay_over`, but pass over every change that does not apply; the indices of those that do.

    Raises `EnvironmentFault` and `InfrastructureFault` like it.
    """
    applied = []
    for at, change in enumerate(changes):
        with contextlib.suppress(DoesNotApply):
            _apply(change, worktree, commit, resolve)
            applied.append(at)
    return applied


def _apply(change: Change, worktree: Worktree, commit: str, resolve: Callable[[str], str]) -> None:
    slot, repository = worktree.path, worktree.repository
    if isinstance(change, Edit):
        _edit(change, slot)
    elif isinstance(change, Copy):
        _copy(change, slot, repository, resolve(change.from_))
    elif isinstance(change, Place):
        _place(change, slot)
    elif isinstance(change, CherryPick):
        _pick(change, worktree, commit, resolve(change.cherry_pick))
    else:
        _patch(change, slot, repository)


def _edit(change: Edit, slot: Path) -> None:
    target = _within(slot, change.edit)
    if not target.is_file():
        raise DoesNotApply(f"the overlay edits {change.edit}, which is not in this commit")
    # newline="" keeps line endings; surrogateescape keeps bytes that are not UTF-8.
    with target.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    if change.regex:
        edited, count = Bounded(change.find, re.MULTILINE).replaced(change.replace, text)
    else:
        edited, count = text.replace(change.find, change.replace), text.count(change.find)
    if not count:
        raise DoesNotApply(f"the overlay does not find '{change.find}' in {change.edit}")
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(edited)


def _copy(change: Copy, slot: Path, repository: Repository, commit: str) -> None:
    try:
        # Literal: a path may look like a glob (`routes/[id].js`) or an option.
        archive = repository.git("archive", "--format=tar", f"{commit}:./", f":(literal){change.copy_}")
    except GitFailure as error:
        raise DoesNotApply(f"the overlay copies {change.copy_}, which is not in {commit[:12]}") from error
    target = _within(slot, change.target)
    _remove(target)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            if member.name == change.copy_ or member.name.startswith(change.copy_ + "/"):
                member.name = change.target + member.name[len(change.copy_) :]
                try:
                    tar.extract(member, slot, filter="data")
                except tarfile.FilterError as error:
                    raise DoesNotApply(
                        f"the overlay copies {member.name}, which leads out of the repository"
                    ) from error


def _place(change: Place, slot: Path) -> None:
    if not change.file.exists():
        raise EnvironmentFault(f"the overlay's file {change.file} does not exist; correct `file`")
    target = _within(slot, change.to)
    _remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if change.file.is_dir():
        shutil.copytree(change.file, target, symlinks=True)
    else:
        shutil.copy2(change.file, target)


def _patch(change: Patch, slot: Path, repository: Repository) -> None:
    if not change.patch.is_file():
        raise EnvironmentFault(f"the overlay's patch {change.patch} does not exist; correct `patch`")
    try:
        repository.git("apply", "--whitespace=nowarn", str(change.patch), folder=slot)
    except GitFailure as error:
        raise DoesNotApply(f"the patch {change.patch.name} does not apply to this commit") from error


def _pick(change: CherryPick, worktree: Worktree, onto: str, commit: str) -> None:
    try:
        pick(worktree, onto, commit)
    except Conflict as error:
        raise DoesNotApply(f"the overlay's {change.words} does not apply: {error}") from error


def _within(slot: Path, path: str) -> Path:
    """The location of `path` in the slot; a symbolic link in the history must not lead out of it."""
    target = slot / path
    if not is_inside(slot, path) or target.is_symlink():
        raise DoesNotApply(f"{path} is a symbolic link in this commit, or lies below a link or a file")
    return target


def _remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
