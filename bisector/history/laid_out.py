"""A repository checked out in a folder, with its submodules.

It has two git folders. Ours has the index and the sparse patterns; tests never see it. The other is the
`.git` that builds and tests find: each checkout rewrites it, so that no git command of a test has lasting
effects.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bisector.errors import CommitFault, EnvironmentFault, InfrastructureFault
from bisector.history import cone, submodules
from bisector.history.private import PrivateRepository
from bisector.history.removal import take_away, unlock
from bisector.history.repository import GitFailure

_DAMAGE = ("invalid object", "bad object", "not a valid object", "unable to read", "corrupt", "missing")
"""Words in git's messages about missing or damaged objects."""
_REMEDY = "; `git fsck` shows what is missing, `git fetch --refetch` may restore it"


class LaidOut:
    """The work tree `path` of `private`, with our git folder `ours` and `theirs` for builds and tests.

    Methods raise `InfrastructureFault` if the disk fails, `CommitFault` if git cannot check out a commit.
    """

    def __init__(self, private: PrivateRepository, path: Path, ours: Path, theirs: Path) -> None:
        self.private = private
        self.repository = private.repository
        self.path = path
        self._ours = ours
        self._theirs = theirs
        self._cone = cone.WHOLE
        self._inside: dict[str, LaidOut] = {}

    def begin(self, commit: str) -> None:
        """Create our git folder from the current state of the user's repository; checks out nothing yet."""
        take_away(self._ours)
        self.private.refresh()
        self.private.write(self._ours, commit, "", shares=True)
        self._require_commit(commit)

    def lay_out(
        self, commit: str, *, clean: bool, only: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        """Check out `commit`; deletes untracked files except `keeps`, and with `clean` also ignored files."""
        take_away(self.path / ".git")
        if self._inside:
            stay = submodules.links(self.ask, commit, list(self._inside))
            self._leave_out(set(self._inside) - stay)
        self._git("checkout", "--force", "--detach", "--quiet", commit, options=self._sparsely(only))
        self._require_tree(commit)
        self._clean("-ffdqx" if clean else "-ffdq", *(f"--exclude=/{glob}" for glob in keeps))
        self._lay_out_submodules(clean=clean)

    def give_repository(self) -> None:
        """Write the repository for builds and tests: that of a fresh clone at this commit."""
        commit = (self._ours / "HEAD").read_text().strip()
        around = self.path if self._theirs != self.path / ".git" else None
        self.private.write(self._theirs, commit, str(around or ""), shares=False)
        if self.index.exists():
            # Keep the mtime, by which git detects files that changed in the same moment.
            shutil.copy2(self.index, self._theirs / "index")
        if around:
            (self.path / ".git").write_bytes(b"gitdir: " + bytes(self._theirs) + b"\n")
        for inside in self._inside.values():
            inside.give_repository()

    def forget(self) -> None:
        """Forget what is checked out."""
        self._cone = cone.WHOLE
        self._inside.clear()

    @property
    def submodule_trees(self) -> Mapping[str, LaidOut]:
        """The checked out submodules, by path."""
        return self._inside

    @property
    def git_folder(self) -> Path:
        """The git folder for builds and tests."""
        return self._theirs

    @property
    def index(self) -> Path:
        """Our own index after the last checkout."""
        return self._ours / "index"

    def ask(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """The output of `git ARGUMENTS` here, with our own index. Raises `GitFailure`."""
        within = (f"--git-dir={self._ours}", f"--work-tree={self.path}")
        return self.repository.git(*within, *arguments, folder=self.path, stdin=stdin)

    def _lay_out_submodules(self, *, clean: bool) -> None:
        wanted = submodules.initialised(self.repository, self.ask, self.path)
        self._leave_out(set(self._inside) - {submodule.path for submodule in wanted})
        for submodule in wanted:
            self._require(submodule)
            if submodule.path not in self._inside:
                self._inside[submodule.path] = self._begun(submodule)
            self._inside[submodule.path].lay_out(submodule.commit, clean=clean)

    def _require(self, submodule: submodules.Submodule) -> None:
        """Raise `CommitFault` if neither the user's clone nor our copy of it has the submodule's commit."""
        if submodule.clone.has(submodule.commit):
            return
        part = self.private.part(submodule.name, submodule.clone)
        part.refresh()
        if not part.repository.has(submodule.commit):
            raise submodule.missing(self.repository, (self._ours / "HEAD").read_text().strip())

    def _begun(self, submodule: submodules.Submodule) -> LaidOut:
        path = self.path / submodule.path
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise CommitFault(f"the submodule path {submodule.path} leads out of the work tree")
        path.mkdir(parents=True, exist_ok=True)
        inside = LaidOut(
            self.private.part(submodule.name, submodule.clone),
            path,
            self._ours / "modules" / submodule.name,
            self._theirs / "modules" / submodule.name,
        )
        inside.begin(submodule.commit)
        return inside

    def _leave_out(self, paths: set[str]) -> None:
        for path in paths:
            inside = self._inside.pop(path)
            take_away(inside.path)
            take_away(inside._ours)

    def _clean(self, *how: str) -> None:
        try:
            self._git("clean", *how)
        except InfrastructureFault:
            unlock(self.path)
            self._git("clean", *how)

    def _require_tree(self, commit: str) -> None:
        """Raise `CommitFault` for a missing tree, which git before 2.45 treats as empty."""
        if not _entries(self.index):
            self._git("cat-file", "-e", f"{commit}^{{tree}}")

    def _sparsely(self, only: Sequence[str]) -> Iterator[str]:
        """Git options for a sparse checkout; writes the patterns."""
        wanted = cone.patterns(only) if only else cone.WHOLE
        # git restores skipped files only while the checkout counts as sparse.
        sparse = "false" if wanted == self._cone == cone.WHOLE else "true"
        if wanted != self._cone:
            try:
                (self._ours / "info").mkdir(exist_ok=True)
                (self._ours / "info/sparse-checkout").write_text(wanted)
            except OSError as error:
                raise InfrastructureFault(
                    f"cannot write {self._ours}: {error.strerror}; free some space"
                ) from error
            self._cone = wanted
        settings = (f"core.sparseCheckout={sparse}", "core.sparseCheckoutCone=true", "index.sparse=false")
        for setting in settings:
            yield from ("-c", setting)

    def _git(self, *arguments: str, options: Iterable[str] = ()) -> None:
        try:
            self.ask(*options, *arguments)
        except GitFailure as error:
            raise self._fault(error, arguments) from error

    def _fault(self, error: GitFailure, arguments: Sequence[str]) -> EnvironmentFault:
        if arguments[0] == "checkout" and self.repository.is_partial:
            return InfrastructureFault(
                f"cannot fetch the files of {arguments[-1][:12]} into the partial clone "
                f"{self.repository.path} ({error}); fix the connection or fetch all files once with "
                "`git fetch --refetch --no-filter`"
            )
        if arguments[0] == "checkout":
            self._require_commit(arguments[-1])
        remedy = _REMEDY if any(word in str(error).lower() for word in _DAMAGE) else ""
        kind = InfrastructureFault if arguments[0] == "clean" else CommitFault
        return kind(f"git {arguments[0]} failed in {self.path}: {error}{remedy}")

    def _require_commit(self, commit: str) -> None:
        try:
            self.ask("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailure as error:
            raise EnvironmentFault(
                f"commit {commit[:12]} is no longer in {self.repository.path}: it had no references, so "
                "`git gc` removed it; fetch it again, then run the same command"
            ) from error


def _entries(index: Path) -> int:
    """The number of files in an index (gitformat-index(5)); 0 if there is none."""
    try:
        with index.open("rb") as file:
            return int.from_bytes(file.read(12)[8:], "big")
    except OSError:
        return 0
