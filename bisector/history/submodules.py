"""The submodules of a work tree, and the user's clones of them, which are read but never fetched."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from bisector.errors import CommitFault
from bisector.history.own_commands import OwnCommands
from bisector.history.repository import GitFailure, Repository


class Ask(Protocol):
    """Runs git in a work tree and returns its output. Raises `GitFailure`."""

    def __call__(self, *arguments: str) -> bytes:
        """Run `git ARGUMENTS`."""


class Clone(Repository):
    """The user's clone of a submodule below `.git/modules`; it may have no work tree."""

    def __init__(self, git_folder: Path) -> None:
        self.git_folder = git_folder
        self.own_git_folder = git_folder
        self.work_tree = None
        self.own_commands = OwnCommands()

    def git(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> bytes:
        """As in `Repository`, but without the work tree."""
        within = () if folder else ("--git-dir=.", "--work-tree=.")
        return super().git(*within, *arguments, folder=folder, stdin=stdin)

    @property
    def is_there(self) -> bool:
        """Whether it exists."""
        return (self.git_folder / "HEAD").exists()


@dataclass(frozen=True, slots=True)
class Submodule:
    """An initialised submodule: its name, path, commit, and the user's clone of it."""

    name: str
    path: str
    commit: str
    clone: Clone

    def missing(self, user: Repository, commit: str) -> CommitFault:
        """The fault of a clone that lacks the submodule's commit, which `commit` of the `user` names."""
        elsewhere = was_elsewhere(user, commit, self.path, self.clone)
        usual = "`git fetch --recurse-submodules` and `git submodule update --init --recursive`, or with "
        return CommitFault(
            f"the submodule {self.path} of {user.path} lacks commit {self.commit[:12]}{elsewhere}; get it "
            f"with {'' if elsewhere else usual}`{fetching(user, commit, self.path, self.clone, self.commit)}`"
        )


def initialised(repository: Repository, ask: Ask, work_tree: Path) -> list[Submodule]:
    """The submodules in the index of `work_tree` that the user has initialised in `repository`."""
    settings = work_tree / ".gitmodules"
    if settings.is_symlink() or not settings.is_file():
        return []
    names = {path: name for path, name in _named(ask) if _is_there(repository, name, path)}
    return [
        Submodule(names[path], path, commit, Clone(repository.clone_of(names[path], path)))
        for path, commit in _laid_out(ask, list(names))
    ]


def links(ask: Ask, commit: str, paths: Sequence[str]) -> set[str]:
    """Those of `paths` that are submodules in `commit`."""
    out = ask("ls-tree", "-z", "--full-tree", commit, "--", *paths)
    rows = (row.partition("\t") for row in _decoded(out))
    return {path for what, _, path in rows if what.startswith("160000 ")}


def uninitialised(repository: Repository, commit: str) -> list[str]:
    """The paths of a commit's submodules that the user has not initialised in `repository`."""
    named = dict(_named(repository.git, "--blob", f"{commit}:.gitmodules"))
    there = links(repository.git, commit, list(named)) if named else set()
    return [path for path, name in named.items() if path in there and not _is_there(repository, name, path)]


def _is_there(repository: Repository, name: str, path: str) -> bool:
    return (repository.clone_of(name, path) / "HEAD").exists()


def clone_at(repository: Repository, commit: str, path: str) -> tuple[str, Clone] | None:
    """Name and clone of the submodule at a path of a commit; None if it is not initialised."""
    name = dict(_named(repository.git, "--blob", f"{commit}:.gitmodules")).get(path)
    if name is None or not _is_there(repository, name, path):
        return None
    return name, Clone(repository.clone_of(name, path))


def was_elsewhere(repository: Repository, commit: str, path: str, clone: Clone) -> str:
    """A clause for a submodule whose URL in a commit is not that of the clone; '' if it is."""
    url = submodules_of(repository, commit).get(path, ("", ""))[1]
    own = origin_of(clone)
    return f" (its URL was {url} there, and is {own} in your clone)" if url and own and url != own else ""


def fetching(repository: Repository, commit: str, path: str, clone: Clone, *wanted: str) -> str:
    """The command that fetches commits of the submodule at a path of `commit` into the user's clone."""
    url = submodules_of(repository, commit).get(path, ("", ""))[1]
    source = url if url and url != origin_of(clone) else "origin"
    where = ["git", "-C", path] if repository.work_tree else ["git", f"--git-dir={clone.git_folder}"]
    return shlex.join([*where, "fetch", source, *wanted])


def submodules_of(repository: Repository, commit: str) -> dict[str, tuple[str, str]]:
    """Name and URL of the submodules of a commit, by path; both are untrusted, a missing URL is empty."""
    blob = ("--blob", f"{commit}:.gitmodules")
    named = dict(_named(repository.git, *blob))
    there = links(repository.git, commit, list(named)) if named else set()
    urls = _urls(repository, *blob) if there else {}
    return {path: (name, urls.get(name, "")) for path, name in named.items() if path in there}


def _urls(repository: Repository, *blob: str) -> dict[str, str]:
    """The URLs in a `.gitmodules` by name."""
    try:
        out = repository.git("config", *blob, "--null", "--get-regexp", r"^submodule\..*\.url$")
    except GitFailure:
        return {}
    rows = (row.partition("\n") for row in _decoded(out))
    said = {key.removeprefix("submodule.").removesuffix(".url"): url for key, _, url in rows}
    base = origin_of(repository) if any(url.startswith(("./", "../")) for url in said.values()) else ""
    return {name: _from_remote(base, url) for name, url in said.items()}


def origin_of(repository: Repository) -> str:
    """The URL of the remote `origin`; '' if there is none."""
    try:
        return repository.git("config", "--get", "remote.origin.url").decode(errors="surrogateescape").strip()
    except GitFailure:
        return ""


def _from_remote(base: str, url: str) -> str:
    """A URL that may be relative to that of the remote `origin` (gitmodules(5)); '' without a remote."""
    if not url.startswith(("./", "../")):
        return url
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        base = base.rpartition("/")[0] if url.startswith("../") else base
        url = url.partition("/")[2]
    return f"{base}/{url}" if base else ""


def _named(ask: Ask, *where: str) -> Iterator[tuple[str, str]]:
    """Paths and names in `.gitmodules`. The file is untrusted: skip names that lead out of a folder."""
    file = where or ("--file", ".gitmodules")
    try:
        out = ask("config", *file, "--null", "--get-regexp", r"^submodule\..*\.path$")
    except GitFailure:
        return
    for row in _decoded(out):
        key, _, path = row.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        if name and not {"..", "/"}.intersection(PurePosixPath(name).parts):
            yield path.rstrip("/"), name


def _laid_out(ask: Ask, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Paths and commits of the submodules that a sparse checkout includes."""
    if not paths:
        return
    out = ask("--literal-pathspecs", "ls-files", "-stz", "--", *paths)
    for row in _decoded(out):
        what, _, path = row.partition("\t")
        tag, mode, commit, _ = what.split()
        if mode == "160000" and tag != "S":
            yield path, commit


def _decoded(out: bytes) -> list[str]:
    return [row.decode(errors="surrogateescape") for row in out.split(b"\0") if row]
