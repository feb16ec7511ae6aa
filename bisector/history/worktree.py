"""A scratch worktree: the only thing that is ever added to a user's repository, and taken away again."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.history import cone, submodules
from bisector.history.removal import take_away, unlock
from bisector.history.repository import GitFailure, Repository

_DAMAGE = ("invalid object", "bad object", "not a valid object", "unable to read", "corrupt", "missing")
"""Words in which git complains of objects that are not there, or not whole."""
_MEND = "; `git fsck` tells what the repository lacks, `git fetch --refetch` may bring it back"

_HALF_MADE = 10.0
"""Seconds after which a registration that git has not finished never will be."""


class Worktree:
    """A detached worktree at `path`, laid out for one commit after another.

    Submodules that the user has initialised are laid out with it, from the user's clones. Every method
    raises `InfrastructureFault` when git or the disk fails, `create` also `EnvironmentFault` for a repository
    that cannot be written, `checkout` for a submodule's commit that was never fetched.
    """

    is_scratch = True
    """Whether all of it is bisector's own, and nothing the user's."""

    aside: Path | None = None
    """A folder in it that is no part of it."""

    def __init__(self, repository: Repository, path: Path) -> None:
        self.repository = repository
        self.path = path
        self._cone = cone.WHOLE
        self._inside: dict[str, Worktree] = {}
        self._registration: Path | None = None

    def create(self, commit: str) -> None:
        """Register the worktree, with nothing checked out yet; what a dead hunt left at `path` goes first."""
        self.remove()
        self._require_writable()
        # Named like this, git does not look for the user's own work tree, which a submodule may not have.
        self._git(
            *("worktree", "add", "--detach", "--no-checkout", str(self.path), commit),
            folder=self.repository.git_folder,
            options=("--git-dir=.", "--work-tree=."),
        )
        self._registration = self._own_git_folder()

    def checkout(
        self, commit: str, *, clean: bool = False, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Lay out `commit`: tracked files exactly, untracked ones gone but for those that match `keeps`.

        Ignored files, which are what builds make, go only if `clean`. With `only` just these files and
        folders are laid out, and the files beside and above them: in a tree of 50,000 files that takes a
        tenth of the time.
        """
        if self._inside:
            stay = submodules.links(self.repository, self.path, commit, list(self._inside))
            self._leave_out(set(self._inside) - stay)
        self._git("checkout", "--force", "--detach", "--quiet", commit, options=self._sparsely(only))
        self._require_tree(commit)
        self._clean("-ffdqx" if clean else "-ffdq", *(f"--exclude=/{glob}" for glob in keeps))
        self._lay_out_submodules(clean=clean)

    @property
    def own_git_folder(self) -> Path | None:
        """Where git keeps HEAD, index and whatever else concerns this worktree alone."""
        return self._own_git_folder()

    @property
    def is_whole(self) -> bool:
        """Whether folder and registration are still as `create` made them, nobody having taken them away."""
        if self._registration is None:
            return (self.path / ".git").exists()
        return self._own_git_folder() == self._registration and self._registration.is_dir()

    def require_whole(self) -> None:
        """Raise `InfrastructureFault` where the worktree was taken away under us."""
        if not self.is_whole:
            raise InfrastructureFault(
                f"the scratch worktree {self.path} was taken away while it was in use; leave it to the hunt"
            )

    def remove(self) -> None:
        """Take the worktree away, folder and registrations; nothing happens where neither is there."""
        own = self._own_git_folder()
        known = own.parent.parent if own else self.repository.git_folder
        take_away(self.path)
        for folder in (known, *submodules.clones_in(known)):
            _unregister(folder / "worktrees", self.path)
        self._cone = cone.WHOLE
        self._inside.clear()
        self._registration = None

    def _require_writable(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InfrastructureFault(
                f"no slot can be made in {self.path.parent} ({error.strerror}); choose another `scratch`"
            ) from error
        if not os.access(self.repository.git_folder, os.W_OK):
            raise EnvironmentFault(
                f"{self.repository.git_folder} cannot be written, where git notes its worktrees; "
                "have the permissions mended, or hunt in a clone of your own"
            )

    def _lay_out_submodules(self, *, clean: bool) -> None:
        wanted = submodules.initialised(self.repository, self.path)
        self._leave_out(set(self._inside) - {submodule.path for submodule in wanted})
        for submodule in wanted:
            submodule.require(self.repository)
            if submodule.path not in self._inside:
                inside = Worktree(submodule.clone, self.path / submodule.path)
                inside.create(submodule.commit)
                self._inside[submodule.path] = inside
            self._inside[submodule.path].checkout(submodule.commit, clean=clean)

    def _clean(self, *how: str) -> None:
        try:
            self._git("clean", *how)
        except InfrastructureFault:
            unlock(self.path)
            self._git("clean", *how)

    def _require_tree(self, commit: str) -> None:
        """Git before 2.45 takes a tree that is missing for an empty one, and succeeds."""
        own = self._own_git_folder()
        if own and not _entries(own / "index"):
            self._git("cat-file", "-e", f"{commit}^{{tree}}")

    def _leave_out(self, paths: set[str]) -> None:
        for path in paths:
            self._inside.pop(path).remove()

    def _sparsely(self, only: Sequence[str]) -> list[str]:
        """Git's settings for a sparse checkout, given with the call: the user's own file stays as it is."""
        wanted = cone.patterns(only) if only else cone.WHOLE
        # Git takes no file back from a sparse checkout that it is not told of.
        sparse = "false" if wanted == self._cone == cone.WHOLE else "true"
        own = self._own_git_folder()
        if wanted != self._cone and own:
            try:
                (own / "info").mkdir(exist_ok=True)
                (own / "info/sparse-checkout").write_text(wanted)
            except OSError as error:
                raise InfrastructureFault(f"{own} cannot be written: {error.strerror}; make room") from error
            self._cone = wanted
        settings = (f"core.sparseCheckout={sparse}", "core.sparseCheckoutCone=true", "index.sparse=false")
        return [part for setting in settings for part in ("-c", setting)]

    def _own_git_folder(self) -> Path | None:
        """Where git keeps what concerns this worktree alone: of another repository, if its hunt died here."""
        pointer = self.path / ".git"
        return _path_in(pointer) if pointer.is_file() else None

    def _git(self, *arguments: str, folder: Path | None = None, options: Sequence[str] = ()) -> None:
        within = folder or self.path
        if folder is None:
            # In a folder that is gone, git would work on what lies around it: the user's own work tree.
            self.require_whole()
            if self._registration:
                options = (f"--git-dir={self._registration}", f"--work-tree={self.path}", *options)
        try:
            self.repository.git(*options, *arguments, folder=within)
        except GitFailure as error:
            if arguments[0] == "checkout" and self.repository.is_partial:
                raise InfrastructureFault(
                    f"{self.repository.path} is a partial clone, and the files of {arguments[-1][:12]} "
                    f"cannot be fetched ({error}); mend the connection, or get all files once with "
                    "`git fetch --refetch --no-filter`"
                ) from error
            if arguments[0] in ("checkout", "worktree", "reset"):
                self._require_commit(arguments[-1])
            mend = _MEND if any(word in str(error).lower() for word in _DAMAGE) else ""
            raise InfrastructureFault(f"git {arguments[0]} failed in {within}: {error}{mend}") from error

    def _require_commit(self, commit: str) -> None:
        try:
            self.repository.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailure as error:
            raise EnvironmentFault(
                f"commit {commit[:12]} is no longer in {self.repository.path}: nothing led to it any more, "
                "and `git gc` has thrown it away; fetch it again, and the same command goes on"
            ) from error


def registered_below(repository: Repository, root: Path) -> set[str]:
    """The names of the folders right below `root` at or in which git knows of a worktree."""
    found = set()
    for pointer in (repository.git_folder / "worktrees").glob("*/gitdir"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # Others come and go.
            found.add(_path_in(pointer).relative_to(root).parts[0])
    return found


def _entries(index: Path) -> int:
    """How many files are in an index (gitformat-index(5)), 0 where it is split or not there."""
    try:
        with index.open("rb") as file:
            return int.from_bytes(file.read(12)[8:], "big")
    except OSError:
        return 0


def _unregister(registrations: Path, path: Path) -> None:
    """Have git forget the worktrees at and below `path`, also one that a killed git made half of."""
    for entry in [*registrations.glob("*/")]:
        # `git worktree prune` would also drop the user's own worktrees on disks not mounted now.
        if _is_at(entry, path):
            _forget(entry)
    with contextlib.suppress(OSError):  # Others may be there, or come and go.
        registrations.rmdir()


def _path_in(pointer: Path) -> Path:
    """The path that a file of git's holds, any bytes but the line end after it."""
    return Path(os.fsdecode(pointer.read_bytes().removeprefix(b"gitdir: ").rstrip(b"\r\n")))


def _is_at(entry: Path, path: Path) -> bool:
    try:
        return _path_in(entry / "gitdir").is_relative_to(path)
    except FileNotFoundError:
        pass
    # Git writes `locked` first and then `gitdir`; `prune` would never take what is left of that.
    named = entry.name.removeprefix(path.name)
    try:
        age = time.time() - (entry / "locked").stat().st_mtime
        return (not named or named.isdigit()) and entry.name != named and age > _HALF_MADE
    except FileNotFoundError:
        return False


def _forget(entry: Path) -> None:
    for file in entry.glob("*"):
        # By `gitdir` it is known whose this is, should we be killed here.
        if file.name != "gitdir":
            shutil.rmtree(file, ignore_errors=True) if file.is_dir() else file.unlink(missing_ok=True)
    shutil.rmtree(entry, ignore_errors=True)
