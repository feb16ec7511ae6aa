"""The user's repository. It is only read, never written."""

from __future__ import annotations

import contextlib
import functools
import re
import shlex
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

import git

from bisector.errors import EnvironmentFault, HistoryError, InfrastructureFault
from bisector.history.commit import CommitInfo
from bisector.history.own_commands import OwnCommands

_CONFIG = {
    # We must not run the user's hooks, and no background process may outlive a probe.
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "log.showSignature": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "advice.detachedHead": "false",
}
_CONFIG_ARGUMENTS = [part for key, value in _CONFIG.items() for part in ("-c", f"{key}={value}")]

_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0"}
"""A partial clone fetches missing files: that may fail but must not wait for a password."""


_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

_LARGEST_TEXT = 256 * 1024

_LINES = 12
"""Lines of git's error output that are shown: a filter may have printed a lot before."""


UNSHALLOW = "the clone is shallow: run `git fetch --unshallow` (in CI: `fetch-depth: 0`)"
"""What to do if a shallow clone lacks a commit."""


class GitFailure(EnvironmentFault):
    """git exited with a `status` other than 0; the message is its error output in one line."""

    def __init__(self, error: git.GitCommandError) -> None:
        lines = str(error.stderr).strip().removeprefix("stderr: ").strip("'").splitlines()
        said = " ".join([line.strip() for line in lines if line.strip()][-_LINES:])
        super().__init__(_of_another_user(said) or said or str(error))
        self.status = error.status


def _of_another_user(said: str) -> str:
    """What to do about a repository that git does not read because another user owns it; '' for all else."""
    found = re.search(r"dubious ownership in repository at '([^']+)'", said)
    if found is None:
        return ""
    return (
        f"the repository {found[1]} belongs to another user, so git does not read it; if you trust it, run "
        f"`git config --global --add safe.directory {shlex.quote(found[1])}`"
    )


def run_git(
    folder: Path, *arguments: str, stdin: bytes | None = None, variables: Mapping[str, str] = _NO_VARIABLES
) -> bytes:
    """The output of `git ARGUMENTS`, run in `folder` with additional `variables`.

    All git commands run here. Raises `GitFailure` if git exits with anything but 0.
    """
    with tempfile.TemporaryFile() as file:
        file.write(stdin or b"")
        file.seek(0)
        try:
            # GitPython would expand `$NAME` in a folder's name, and run git in the current folder if this one
            # does not exist.
            out = git.Git("/").execute(
                ["git", "-C", str(folder), *_CONFIG_ARGUMENTS, *arguments],
                istream=file,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env={**_ENVIRONMENT, **variables},
            )
        except git.GitCommandError as error:
            raise GitFailure(error) from error
    if not isinstance(out, bytes):
        raise TypeError(f"GitPython returned {type(out).__name__} where bytes were asked for")
    return out


class Repository:
    """One repository on disk.

    Raises `HistoryError` if there is none, `EnvironmentFault` if git is missing.
    """

    _objects: Mapping[str, str] = _NO_VARIABLES
    """Variables that let git also find objects elsewhere."""
    _shown_as: Mapping[str, CommitInfo] = MappingProxyType({})
    """How to show commits of bisector's own (`bisector.history.stand_ins`), by their ids."""
    _fetched: Mapping[str, Path] = MappingProxyType({})
    """Git folders of submodules that bisector cloned for itself, by name; they replace the user's."""

    def __init__(self, path: Path) -> None:
        try:
            self._repo = git.Repo(path, search_parent_directories=True, expand_vars=False)
        except git.NoSuchPathError as error:
            raise HistoryError(f"no folder {path}; name the repository with --repo") from error
        except git.InvalidGitRepositoryError as error:
            raise HistoryError(f"{path} is not a git repository; name one with --repo") from error
        except git.GitCommandNotFound as error:
            raise EnvironmentFault(
                "git is not installed or not on PATH; install git 2.31 or newer"
            ) from error
        self.own_commands = OwnCommands()
        self.git_folder = Path(self._repo.common_dir).resolve()
        self.own_git_folder = Path(self._repo.git_dir).resolve()
        tree = self._repo.working_tree_dir
        self.work_tree = Path(tree).resolve() if tree else None

    def borrow(self, objects: Path, own: str) -> None:
        """Also read objects from the folder `objects`, and let git write fetched objects there.

        So `git gc` may delete objects in the repository, and a partial clone stays unchanged. `own` is this
        repository's object folder, quoted for git.
        """
        self._objects = {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": own}

    @property
    def path(self) -> Path:
        """The work tree, or the git folder of a bare repository."""
        return self.work_tree or self.git_folder

    def git(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> bytes:
        """The output of `git ARGUMENTS`, run in `folder` (default: the repository).

        Raises `GitFailure` if git exits with anything but 0.
        """
        with self.own_commands.running():
            return run_git(folder or self.path, *arguments, stdin=stdin, variables=self._objects)

    def resolve(self, revision: str) -> str:
        """The full id of the commit that `revision` names; raises `HistoryError` if it names none."""
        # Everything after `:/` is search text, and it finds only commits.
        found = self._verified(revision if revision.startswith(":/") else f"{revision}^{{commit}}")
        if not found:
            raise HistoryError(self._no_commit(revision))
        if found.startswith("^"):
            raise HistoryError(f"'{revision}' excludes commits and names none; write it without the '^'")
        return found

    def _verified(self, name: str) -> str:
        """The object id of a name; empty if there is none."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name).decode().strip()
        except GitFailure:
            return ""

    def _no_commit(self, revision: str) -> str:
        if other := self._verified(revision):
            with contextlib.suppress(GitFailure):
                kind = self.git("cat-file", "-t", self._verified(f"{other}^{{}}")).decode().strip()
                return f"'{revision}' is a {kind} in {self.path}, not a commit; write a revision"
        return f"{self.path} has no commit '{revision}'; {self._remedy_for_missing_commit()}"

    def merge_bases(self, one: str, other: str) -> list[str]:
        """The best common ancestors of two commits; empty for unrelated histories."""
        try:
            return self.git("merge-base", "--all", one, other).decode().split()
        except GitFailure as error:
            if error.status == 1:
                return []
            raise InfrastructureFault(f"git merge-base failed in {self.path}: {error}") from error

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether `ancestor` is an ancestor of `commit`, or the same commit."""
        try:
            self.git("merge-base", "--is-ancestor", ancestor, commit)
        except GitFailure:
            return False
        return True

    def has(self, commit: str) -> bool:
        """Whether it has the commit."""
        try:
            self.git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailure:
            return False
        return True

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of `commit`, in order."""
        return tuple(self.git("rev-list", "--parents", "--max-count=1", commit).decode().split()[1:])

    def first_parents(self, commit: str, since: str | None = None) -> list[str]:
        """`commit`, its first parent, and so on, back to and including `since`."""
        until = [f"^{since}^@"] if since else []
        return self.git("rev-list", "--first-parent", commit, *until).decode().split()

    @functools.cached_property
    def is_partial(self) -> bool:
        """Whether the clone fetches missing objects on demand (`git clone --filter`)."""
        try:
            self.git("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
        except GitFailure:
            return False
        return True

    @property
    def is_shallow(self) -> bool:
        """Whether the clone is shallow."""
        return self.git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def infos(self, commits: Iterable[str]) -> dict[str, CommitInfo]:
        """The details of each commit to show, by full id."""
        distinct = dict.fromkeys(commits)
        shown = {one: self._shown_as[one] for one in distinct if one in self._shown_as}
        ids = [one for one in distinct if one not in shown]
        if not ids:
            return shown
        out = self.git(
            *("log", "--no-walk=unsorted", "--stdin", "-z", "--encoding=UTF-8"),
            *("--date=raw", "--format=%H%x00%P%x00%an%x00%ad%x00%s"),
            stdin="\n".join([*ids, ""]).encode(),
        )
        return shown | parse_infos(out)

    def show_as(self, infos: Mapping[str, CommitInfo]) -> None:
        """From now on, `infos` shows these commits as given."""
        self._shown_as = {**self._shown_as, **infos}

    def clone_of(self, name: str, path: str) -> Path:
        """The git folder of the submodule `name` at a path; it may not exist.

        Without one below our git folder, that of the submodule's work tree: a repository that was added in
        place has it there, and a linked worktree has clones of its own.
        """
        usual = self._fetched.get(name, self.git_folder / "modules" / name)
        if (usual / "HEAD").exists() or self.work_tree is None:
            return usual
        place = self.work_tree / path / ".git"
        if not place.resolve().is_relative_to(self.work_tree):
            return usual
        if place.is_file():
            where = place.read_text(errors="surrogateescape").removeprefix("gitdir:").strip()
            place = (place.parent / where).resolve()
        return place if (place / "HEAD").is_file() else usual

    def use_fetched(self, name: str, clone: Path) -> None:
        """From now on, `clone` is the git folder of the submodule `name`."""
        self._fetched = {**self._fetched, name: clone}

    def diffstat(self, commit: str) -> str:
        """Git's diffstat of `commit` against its first parent, at most 30 files."""
        parent = self.parents(commit)[:1]
        against = [*parent, commit] if parent else ["--root", commit]
        out = self.git("diff-tree", "--no-commit-id", "-M", "--no-ext-diff", "--stat=90,70,30", *against)
        return out.decode(errors="replace").rstrip()

    def text(self, commit: str, path: str) -> str:
        """The first 256 KiB of a file of a commit, as text; empty if the commit has no such file."""
        try:
            return self.git("show", f"{commit}:{path}")[:_LARGEST_TEXT].decode("utf-8", "replace")
        except GitFailure:
            return ""

    def _remedy_for_missing_commit(self) -> str:
        if self.is_shallow:
            return UNSHALLOW
        return "fetch it, or name another revision"


def parse_infos(out: bytes) -> dict[str, CommitInfo]:
    """Parse `git log -z --date=raw --format=%H%x00%P%x00%an%x00%ad%x00%s` into commits by full id."""
    fields = out.decode("utf-8", "replace").split("\0")
    infos = {}
    for at in range(0, len(fields) - 4, 5):
        identity, parents, author, date, subject = fields[at : at + 5]
        infos[identity] = CommitInfo(identity, tuple(parents.split()), subject, author, _date(date))
    return infos


def _date(raw: str) -> datetime:
    """Parse git's raw date: seconds since 1970 and the offset from UTC, `1700000000 +0100`.

    Old tools have written impossible years and offsets, which break git's own ISO 8601 too: an impossible
    offset counts as none, an impossible time as 1970.
    """
    seconds, _, offset = raw.partition(" ")
    try:
        minutes = int(f"{offset[:1]}{int(offset[1:-2] or 0) * 60 + int(offset[-2:])}")
        return datetime.fromtimestamp(int(seconds), timezone(timedelta(minutes=minutes)))
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
