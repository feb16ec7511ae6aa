"""Transfers the commits of a hunt to another machine, without the history before them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import git

from bisector.errors import EnvironmentFault, HistoryError, InfrastructureFault
from bisector.history.repository import GitFailure, Repository

_QUIET = {"GIT_TERMINAL_PROMPT": "0"}
"""A clone that needs a password must fail instead of asking."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Commits with all their files, as a git pack. `cut` are those without their parents in the pack."""

    commits: frozenset[str]
    cut: tuple[str, ...]
    object_format: str
    data: bytes


def pack_range(repository: Repository, good: str, bad: str, others: Sequence[str] = ()) -> Packed:
    """Pack all commits reachable from `bad` but not from `good`, their parents, and `others` alone.

    Raises `HistoryError` if git cannot list or pack them.
    """
    try:
        listed = repository.git("rev-list", "--parents", bad, "--not", good).decode().splitlines()
    except GitFailure as error:
        raise HistoryError(f"cannot list the range in {repository.path}: {error}") from error
    inside = {line.split(maxsplit=1)[0] for line in listed}
    beside = {commit for line in listed for commit in line.split()} | {good, bad, *others}
    return _packed(repository, inside, beside - inside)


def pack_alone(repository: Repository, commits: Sequence[str]) -> Packed:
    """Pack these commits without their parents; raises `HistoryError` if git cannot pack them."""
    return _packed(repository, set(), set(commits))


def _packed(repository: Repository, inside: set[str], edge: set[str]) -> Packed:
    """Pack the commits `inside` with their parents, and those at the `edge` without."""
    cut = tuple(sorted(edge))
    lines = [*(f"--shallow {commit}" for commit in cut), *sorted(inside), *cut, ""]
    try:
        data = repository.git(
            *("pack-objects", "--revs", "--shallow", "--stdout", "--delta-base-offset", "--quiet"),
            stdin="\n".join(lines).encode(),
        )
        form = repository.git("rev-parse", "--show-object-format").decode().strip()
    except GitFailure as error:
        raise HistoryError(f"cannot pack commits of {repository.path} for the workers: {error}") from error
    return Packed(frozenset(inside | edge), cut, form, data)


def unpack(packed: Packed, folder: Path) -> Repository:
    """Create a bare repository in the new folder `folder` with only these commits.

    Raises `InfrastructureFault` if git or the disk fails, `EnvironmentFault` if git is missing.
    """
    try:
        git.Repo.init(folder, mkdir=True, expand_vars=False, bare=True, object_format=packed.object_format)
    except git.GitCommandNotFound as error:
        raise EnvironmentFault("git is not installed or not on PATH; install git 2.31 or newer") from error
    except (git.GitCommandError, OSError) as error:
        raise InfrastructureFault(f"cannot create a repository in {folder}: {error}") from error
    repository = Repository(folder)
    add(packed, repository)
    return repository


def add(packed: Packed, repository: Repository) -> None:
    """Add commits to a bare repository. Raises `InfrastructureFault` if git or the disk fails."""
    folder = repository.git_folder
    try:
        repository.git("index-pack", "--stdin", stdin=packed.data)
        with (folder / "shallow").open("a") as file:
            file.writelines(f"{commit}\n" for commit in packed.cut)
    except (GitFailure, OSError) as error:
        raise InfrastructureFault(f"cannot add commits to {folder}: {error}") from error


def clone(url: str, folder: Path) -> Repository:
    """Make a full bare clone of `url`; raises `EnvironmentFault` if that fails."""
    try:
        git.Repo.clone_from(url, folder, env=_QUIET, bare=True)
    except git.GitCommandNotFound as error:
        raise EnvironmentFault("git is not installed or not on PATH; install git 2.31 or newer") from error
    except (git.GitCommandError, git.UnsafeProtocolError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().strip("'").splitlines()
        raise EnvironmentFault(
            f"cannot clone {url} ({said[-1].strip() if said else 'git failed'}); correct the URL, give "
            "the workers access, or set `repository: bundle`"
        ) from error
    return Repository(folder)


def fetch(repository: Repository, *commits: str) -> None:
    """Update a bare clone, or get these commits into it.

    Raises `EnvironmentFault` if its origin cannot be reached, or does not give them.
    """
    how = ("--prune", "origin", "+refs/*:refs/*") if not commits else ("origin", *commits)
    try:
        repository.git("fetch", "--quiet", *how)
    except GitFailure as error:
        raise EnvironmentFault(f"cannot update {repository.path}: {error}") from error


def linked_copy(source: Path, folder: Path) -> Repository:
    """Copy a repository to the new folder `folder`; packs are hard links if the disk allows."""
    try:
        shutil.copytree(source, folder, copy_function=_link)
    except (shutil.Error, OSError) as error:
        raise InfrastructureFault(f"cannot copy {source} to {folder}: {error}") from error
    return Repository(folder)


def _link(source: str, target: str) -> None:
    """Link packs, which git never modifies; copy all other files."""
    if Path(source).parent.name == "pack":
        try:
            os.link(source, target)
            return
        except OSError:
            pass
    shutil.copy2(source, target)
