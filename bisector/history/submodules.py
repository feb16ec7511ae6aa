"""The submodules of a work tree, and the user's own clones of them, which are read and never fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bisector.errors import EnvironmentFault
from bisector.history.repository import GitFailure, Repository


class Clone(Repository):
    """The user's clone of a submodule, by its folder below `.git/modules`; its work tree may be gone."""

    def __init__(self, git_folder: Path) -> None:
        self.git_folder = git_folder
        self.work_tree = None

    def git(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> bytes:
        """As of any repository, but never by way of the work tree."""
        within = () if folder else ("--git-dir=.", "--work-tree=.")
        return super().git(*within, *arguments, folder=folder, stdin=stdin)

    def has(self, commit: str) -> bool:
        """Whether the commit was fetched."""
        try:
            self.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailure:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule that is initialised: where it goes, at which commit, and from what clone."""

    path: str
    commit: str
    clone: Clone

    def require(self, user: Repository) -> None:
        """Raise `EnvironmentFault` where the clone lacks the commit."""
        if not self.clone.has(self.commit):
            raise EnvironmentFault(
                f"the submodule {self.path} of {user.path} lacks its commit {self.commit[:12]}; get it with "
                "`git fetch --recurse-submodules` and `git submodule update --init --recursive`, or with "
                f"`git -C {self.path} fetch origin {self.commit[:12]}`"
            )


def initialised(repository: Repository, work_tree: Path) -> list[Submodule]:
    """Those that stand in the index of `work_tree` and that the user of `repository` has initialised."""
    settings = work_tree / ".gitmodules"
    clones = repository.git_folder / "modules"
    if settings.is_symlink() or not settings.is_file() or not clones.is_dir():
        return []
    names = {path: name for path, name in _named(repository, work_tree) if (clones / name / "HEAD").exists()}
    return [
        Submodule(path, commit, Clone(clones / names[path]))
        for path, commit in _laid_out(repository, work_tree, list(names))
    ]


def links(repository: Repository, work_tree: Path, commit: str, paths: Sequence[str]) -> set[str]:
    """Those of `paths` that are submodules in `commit`."""
    out = repository.git("ls-tree", "-z", "--full-tree", commit, "--", *paths, folder=work_tree)
    rows = (row.partition("\t") for row in _decoded(out))
    return {path for what, _, path in rows if what.startswith("160000 ")}


def clones_in(git_folder: Path) -> Iterator[Path]:
    """The git folders of all submodules below a git folder, and of theirs."""
    pending = [git_folder / "modules"]
    while pending:
        for folder in pending.pop().glob("*/"):
            if (folder / "HEAD").is_file():
                yield folder
                pending.append(folder / "modules")
            else:
                pending.append(folder)


def _named(repository: Repository, work_tree: Path) -> Iterator[tuple[str, str]]:
    """Paths and names in `.gitmodules`, which is not to be trusted: no name may lead out of a folder."""
    try:
        out = repository.git(
            *("config", "--file", ".gitmodules", "--null", "--get-regexp", r"^submodule\..*\.path$"),
            folder=work_tree,
        )
    except GitFailure:
        return
    for row in _decoded(out):
        key, _, path = row.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        if name and not {"..", "/"}.intersection(PurePosixPath(name).parts):
            yield path.rstrip("/"), name


def _laid_out(repository: Repository, work_tree: Path, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Paths and commits of the submodules that a sparse checkout has not left out."""
    if not paths:
        return
    out = repository.git("--literal-pathspecs", "ls-files", "-stz", "--", *paths, folder=work_tree)
    for row in _decoded(out):
        what, _, path = row.partition("\t")
        tag, mode, commit, _ = what.split()
        if mode == "160000" and tag != "S":
            yield path, commit


def _decoded(out: bytes) -> list[str]:
    return [row.decode(errors="surrogateescape") for row in out.split(b"\0") if row]
