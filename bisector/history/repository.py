"""A user's repository, read and never written (worktrees of our own excepted, see `worktree`)."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

import git

from bisector.errors import EnvironmentFault, HistoryError, InfrastructureFault
from bisector.history.commit import CommitInfo

_CONFIG = {
    # The user's hooks must not run through us, and no background process may outlive a probe.
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
"""A partial clone fetches what a checkout lacks: that may fail, and never wait for a password."""


_LINES = 12
"""Of what git complains, so many lines are shown: a filter may have printed much before."""


class GitFailure(EnvironmentFault):
    """git ended with another `status` than 0; the text is all of its complaint and advice, in one line."""

    def __init__(self, error: git.GitCommandError) -> None:
        lines = str(error.stderr).strip().removeprefix("stderr: ").strip("'").splitlines()
        told = [line.strip() for line in lines if line.strip()]
        super().__init__(" ".join(told[-_LINES:]) or str(error))
        self.status = error.status


class Repository:
    """One repository on disk.

    Raises `HistoryError` where there is none, `EnvironmentFault` where git itself is missing.
    """

    _objects: Mapping[str, str] = MappingProxyType({})
    """Variables by which git finds objects elsewhere, too."""

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
        self.git_folder = Path(self._repo.common_dir).resolve()
        self.own_git_folder = Path(self._repo.git_dir).resolve()
        tree = self._repo.working_tree_dir
        self.work_tree = Path(tree).resolve() if tree else None

    def borrow(self, objects: Path, own: str) -> None:
        """Read objects from the folder `objects`, too, and have what git fetches written there.

        So `git gc` may throw away what is read here, and a partial clone stays as it is. `own` is the folder
        of this repository's objects, quoted as git wants it.
        """
        self._objects = {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": own}

    @property
    def path(self) -> Path:
        """The work tree, or the git folder of a bare repository."""
        return self.work_tree or self.git_folder

    def git(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> bytes:
        """What `git ARGUMENTS` prints, run in `folder` (default: the repository).

        The one door to git. Raises `GitFailure` when git exits with anything but 0.
        """
        with tempfile.TemporaryFile() as file:
            file.write(stdin or b"")
            file.seek(0)
            try:
                # GitPython would take `$NAME` in a folder's name for a variable, and where the folder is gone
                # run git in the current one, which is somebody else's.
                out = git.Git("/").execute(
                    ["git", "-C", str(folder or self.path), *_CONFIG_ARGUMENTS, *arguments],
                    istream=file,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env={**_ENVIRONMENT, **self._objects},
                )
            except git.GitCommandError as error:
                raise GitFailure(error) from error
        if not isinstance(out, bytes):
            raise TypeError(f"GitPython returned {type(out).__name__} where bytes were asked for")
        return out

    def resolve(self, revision: str) -> str:
        """The full id of the commit that `revision` names; `HistoryError` if it names none."""
        # `:/TEXT` takes all that follows for its text, and finds nothing but commits.
        found = self._verified(revision if revision.startswith(":/") else f"{revision}^{{commit}}")
        if not found:
            raise HistoryError(self._no_commit(revision))
        if found.startswith("^"):
            raise HistoryError(f"'{revision}' leaves commits out and names none; write it without the '^'")
        return found

    def _verified(self, name: str) -> str:
        """The id that git gives for a name; empty where it knows none."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name).decode().strip()
        except GitFailure:
            return ""

    def _no_commit(self, revision: str) -> str:
        if other := self._verified(revision):
            with contextlib.suppress(GitFailure):
                kind = self.git("cat-file", "-t", self._verified(f"{other}^{{}}")).decode().strip()
                return f"'{revision}' names a {kind} in {self.path}, not a commit; write a revision"
        return f"{self.path} has no commit '{revision}'; {self._mend_for_missing_commit()}"

    def merge_bases(self, one: str, other: str) -> list[str]:
        """The best common ancestors of two commits; empty for unrelated histories."""
        try:
            return self.git("merge-base", "--all", one, other).decode().split()
        except GitFailure as error:
            if error.status == 1:
                return []
            raise InfrastructureFault(f"git merge-base failed in {self.path}: {error}") from error

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of `commit`, in its order."""
        return tuple(self.git("rev-list", "--parents", "--max-count=1", commit).decode().split()[1:])

    def first_parents(self, commit: str, since: str | None = None) -> list[str]:
        """`commit`, its first parent, and so on back in time, as far as `since` (itself included)."""
        until = [f"^{since}^@"] if since else []
        return self.git("rev-list", "--first-parent", commit, *until).decode().split()

    @functools.cached_property
    def is_partial(self) -> bool:
        """Whether the clone lacks objects that git fetches when it comes to them (`git clone --filter`)."""
        try:
            self.git("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
        except GitFailure:
            return False
        return True

    @property
    def is_shallow(self) -> bool:
        """Whether the clone was cut off at some depth."""
        return self.git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def infos(self, commits: Iterable[str]) -> dict[str, CommitInfo]:
        """What a person wants to see of each commit, by full id."""
        ids = list(dict.fromkeys(commits))
        if not ids:
            return {}
        out = self.git(
            *("log", "--no-walk=unsorted", "--stdin", "-z", "--encoding=UTF-8"),
            *("--date=raw", "--format=%H%x00%P%x00%an%x00%ad%x00%s"),
            stdin="\n".join([*ids, ""]).encode(),
        )
        return parse_infos(out)

    def diffstat(self, commit: str) -> str:
        """Git's summary of what `commit` changes against its first parent, at most 30 files long."""
        parent = self.parents(commit)[:1]
        against = [*parent, commit] if parent else ["--root", commit]
        out = self.git("diff-tree", "--no-commit-id", "-M", "--no-ext-diff", "--stat=90,70,30", *against)
        return out.decode(errors="replace").rstrip()

    def _mend_for_missing_commit(self) -> str:
        if self.is_shallow:
            return "the clone is shallow: run `git fetch --unshallow` (in CI: `fetch-depth: 0`)"
        return "fetch it, or name another revision"


def parse_infos(out: bytes) -> dict[str, CommitInfo]:
    """`git log -z --date=raw --format=%H%x00%P%x00%an%x00%ad%x00%s` as commits by full id."""
    fields = out.decode("utf-8", "replace").split("\0")
    infos = {}
    for at in range(0, len(fields) - 4, 5):
        identity, parents, author, date, subject = fields[at : at + 5]
        infos[identity] = CommitInfo(identity, tuple(parents.split()), subject, author, _date(date))
    return infos


def _date(raw: str) -> datetime:
    """A date as git keeps it: seconds since 1970 and the offset from UTC, `1700000000 +0100`.

    Old tools have left years and offsets behind that no calendar has, on which git's own ISO 8601 fails too:
    an impossible offset counts as none, an impossible time as 1970.
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
