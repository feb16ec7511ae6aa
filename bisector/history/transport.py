"""The commits of a hunt on their way to another machine, without the history before them."""

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
"""A clone that needs a password fails; nobody is there to type it."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Some commits with all their files, as a git pack. `cut` are those whose parents are not among them."""

    commits: frozenset[str]
    cut: tuple[str, ...]
    object_format: str
    data: bytes


def pack_range(repository: Repository, good: str, bad: str, others: Sequence[str] = ()) -> Packed:
    """All commits reachable from `bad` and not from `good`, their parents, and `others` on their own.

    Raises `HistoryError` where git cannot list or pack them.
    """
    try:
        listed = repository.git("rev-list", "--parents", bad, "--not", good).decode().splitlines()
    except GitFailure as error:
        raise HistoryError(f"{repository.path}: the range cannot be listed: {error}") from error
    inside = {line.split(maxsplit=1)[0] for line in listed}
    beside = {commit for line in listed for commit in line.split()} | {good, bad, *others}
    return _packed(repository, inside, beside - inside)


def pack_alone(repository: Repository, commits: Sequence[str]) -> Packed:
    """These commits, without their parents; raises `HistoryError` where git cannot pack them."""
    return _packed(repository, set(), set(commits))


def _packed(repository: Repository, inside: set[str], edge: set[str]) -> Packed:
    """`inside` have their parents among the commits, those at the `edge` are cut off from theirs."""
    cut = tuple(sorted(edge))
    lines = [*(f"--shallow {commit}" for commit in cut), *sorted(inside), *cut, ""]
    try:
        data = repository.git(
            *("pack-objects", "--revs", "--shallow", "--stdout", "--delta-base-offset", "--quiet"),
            stdin="\n".join(lines).encode(),
        )
        form = repository.git("rev-parse", "--show-object-format").decode().strip()
    except GitFailure as error:
        raise HistoryError(f"{repository.path}: no pack can be made for the workers: {error}") from error
    return Packed(frozenset(inside | edge), cut, form, data)


def unpack(packed: Packed, folder: Path) -> Repository:
    """A bare repository in the new folder `folder` that has these commits and nothing else.

    Raises `InfrastructureFault` where git or the disk fails, `EnvironmentFault` where git is missing.
    """
    try:
        git.Repo.init(folder, mkdir=True, expand_vars=False, bare=True, object_format=packed.object_format)
    except git.GitCommandNotFound as error:
        raise EnvironmentFault("git is not installed or not on PATH; install git 2.31 or newer") from error
    except (git.GitCommandError, OSError) as error:
        raise InfrastructureFault(f"no repository can be made in {folder}: {error}") from error
    repository = Repository(folder)
    add(packed, repository)
    return repository


def add(packed: Packed, repository: Repository) -> None:
    """Give a bare repository more commits. Raises `InfrastructureFault` where git or the disk fails."""
    folder = repository.git_folder
    try:
        repository.git("index-pack", "--stdin", stdin=packed.data)
        with (folder / "shallow").open("a") as file:
            file.writelines(f"{commit}\n" for commit in packed.cut)
    except (GitFailure, OSError) as error:
        raise InfrastructureFault(f"{folder} takes no more commits: {error}") from error


def clone(url: str, folder: Path) -> Repository:
    """A bare clone of `url`, with all that it offers; `EnvironmentFault` where it cannot be had."""
    try:
        git.Repo.clone_from(url, folder, env=_QUIET, bare=True)
    except git.GitCommandNotFound as error:
        raise EnvironmentFault("git is not installed or not on PATH; install git 2.31 or newer") from error
    except (git.GitCommandError, git.UnsafeProtocolError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().strip("'").splitlines()
        raise EnvironmentFault(
            f"{url} cannot be cloned ({said[-1].strip() if said else 'git failed'}); correct the URL, give "
            "the workers access, or write `repository: bundle`"
        ) from error
    return Repository(folder)


def fetch(repository: Repository) -> None:
    """Bring a bare clone up to date; `EnvironmentFault` where its origin cannot be reached."""
    try:
        repository.git("fetch", "--quiet", "--prune", "origin", "+refs/*:refs/*")
    except GitFailure as error:
        raise EnvironmentFault(f"{repository.path} cannot be brought up to date: {error}") from error


def linked_copy(source: Path, folder: Path) -> Repository:
    """A second repository in the new folder `folder`, whose packs are hard links where the disk allows."""
    try:
        shutil.copytree(source, folder, copy_function=_link)
    except (shutil.Error, OSError) as error:
        raise InfrastructureFault(f"{source} cannot be copied to {folder}: {error}") from error
    return Repository(folder)


def _link(source: str, target: str) -> None:
    """Git never writes into a pack; all other files are its to change in place."""
    if Path(source).parent.name == "pack":
        try:
            os.link(source, target)
            return
        except OSError:
            pass
    shutil.copy2(source, target)
