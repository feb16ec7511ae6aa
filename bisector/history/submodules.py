"""The submodules of a work tree, and the user's clones of them, which are read but never fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from bisector.errors import CommitFault
from bisector.history.repository import GitFailure, Repository


class Ask(Protocol):
    """Runs git in a work tree and returns its output. Raises `GitFailure`."""

    def __call__(self, *arguments: str) -> bytes:
        """Run `git ARGUMENTS`."""


class Clone(Repository):
    """The user's clone of a submodule below `.git/modules`; it may have no work tree."""

    def __init__(self, git_folder: Path) -> None:
        self.git_folder = git_folder
        self.work_tree = None

    def git(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> bytes:
        """As in `Repository`, but without the work tree."""
        within = () if folder else ("--git-dir=.", "--work-tree=.")
        return super().git(*within, *arguments, folder=folder, stdin=stdin)

    def has(self, commit: str) -> bool:
        """Whether the clone has the commit."""
        try:
            self.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailure:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Submodule:
    """An initialised submodule: its name, path, commit, and the user's clone of it."""

    name: str
    path: str
    commit: str
    clone: Clone

    def require(self, user: Repository) -> None:
        """Raise `CommitFault` if the clone lacks the commit."""
        if not self.clone.has(self.commit):
            raise CommitFault(
                f"the submodule {self.path} of {user.path} lacks commit {self.commit[:12]}; get it with "
                "`git fetch --recurse-submodules` and `git submodule update --init --recursive`, or with "
                f"`git -C {self.path} fetch origin {self.commit[:12]}`"
            )


def initialised(repository: Repository, ask: Ask, work_tree: Path) -> list[Submodule]:
    """The submodules in the index of `work_tree` that the user has initialised in `repository`."""
    settings = work_tree / ".gitmodules"
    clones = repository.git_folder / "modules"
    if settings.is_symlink() or not settings.is_file() or not clones.is_dir():
        return []
    names = {path: name for path, name in _named(ask) if (clones / name / "HEAD").exists()}
    return [
        Submodule(names[path], path, commit, Clone(clones / names[path]))
        for path, commit in _laid_out(ask, list(names))
    ]


def links(ask: Ask, commit: str, paths: Sequence[str]) -> set[str]:
    """Those of `paths` that are submodules in `commit`."""
    out = ask("ls-tree", "-z", "--full-tree", commit, "--", *paths)
    rows = (row.partition("\t") for row in _decoded(out))
    return {path for what, _, path in rows if what.startswith("160000 ")}


def uninitialised(repository: Repository, commit: str) -> list[str]:
    """The paths of a commit's submodules that the user has not initialised in `repository`."""
    clones = repository.git_folder / "modules"
    named = dict(_named(repository.git, "--blob", f"{commit}:.gitmodules"))
    there = links(repository.git, commit, list(named)) if named else set()
    return [path for path, name in named.items() if path in there and not (clones / name / "HEAD").exists()]


def submodules_of(repository: Repository, commit: str) -> dict[str, tuple[str, str]]:
    """Name and URL of the submodules of a commit, by path; both are untrusted, a missing URL is empty."""
    blob = ("--blob", f"{commit}:.gitmodules")
    named = dict(_named(repository.git, *blob))
    there = links(repository.git, commit, list(named)) if named else set()
    return {path: (name, _url(repository, blob, name)) for path, name in named.items() if path in there}


def _url(repository: Repository, blob: Sequence[str], name: str) -> str:
    try:
        out = repository.git("config", *blob, "--get", f"submodule.{name}.url")
    except GitFailure:
        return ""
    return _from_remote(repository, out.decode(errors="surrogateescape").rstrip("\n"))


def _from_remote(repository: Repository, url: str) -> str:
    """A URL that may be relative to that of the remote `origin` (gitmodules(5)); '' without a remote."""
    if not url.startswith(("./", "../")):
        return url
    try:
        base = repository.git("config", "--get", "remote.origin.url").decode(errors="surrogateescape").strip()
    except GitFailure:
        return ""
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
