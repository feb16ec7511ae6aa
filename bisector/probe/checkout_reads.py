"""Whether a build or a test reads the sources of the user's checkout instead of those of the commit.

An editable install, an absolute path or a link makes every commit use the same files, and so does git that
reads them from the user's repository. The answer would then be about something else, such as the commit that
added the tests.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bisector.errors import HuntFileError
from bisector.history.repository import Repository
from bisector.hunt_file.model import Hunt
from bisector.probe.opened_files import OpenedFiles
from bisector.probe.strace import Trace

_NAMED = 3
_COMPILED = "__pycache__"


class CheckoutReads:
    """Watches the checkout at `top` while its context lasts, for one `command` of a hunt.

    That is its tracked files, and whether git reads its repository, which it does through HEAD
    (gitrepository-layout(5)). No slot has a reason to: it has its own repository, with all refs and objects.

    `what` is the command's section, "build" or "test"; `built` are further files to watch, those that the
    build makes in a slot. Compiled Python modules count as their sources.
    """

    def __init__(
        self,
        repository: Repository,
        top: Path,
        what: str,
        command: str | tuple[str, ...],
        built: Iterable[str] = (),
    ) -> None:
        self._repository = repository
        self._top = top
        self._what = what
        self._line = command if isinstance(command, str) else shlex.join(command)
        listed = os.fsdecode(repository.git("ls-files", "-z", folder=top))
        self._tracked = frozenset(filter(None, (*listed.split("\0"), *built)))
        self._heads = frozenset(_heads(repository))

    def __enter__(self) -> CheckoutReads:
        sources = {name for name in self._tracked if name.endswith(".py")}
        folders = {f"{PurePosixPath(name).parent}/{_COMPILED}" for name in sources}
        whole = [one for one in folders if (self._top / one).is_dir()]
        with self._repository.own_commands.paused() as self._own_before:
            self._opened = OpenedFiles(self._top, self._tracked | self._heads, whole)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def opened(self) -> list[str] | None:
        """The files that anybody opened meanwhile, sorted; None if that is not known. Ends the watch.

        Files that the command names are left out: a script may be meant to serve all commits.
        """
        with self._repository.own_commands.paused() as own:
            found = self._opened.found()
        if found is None:
            return None
        # Each of our own commands opens HEAD once, to find its repository.
        if sum(self._opened.times[head] for head in self._heads) <= own - self._own_before:
            found -= self._heads
        return self._beyond_command(self._ours(found))

    def require_none_read(self, trace: Trace, hunt: Hunt, commit: str) -> None:
        """Raise `HuntFileError` if a traced run of the command read the checkout or its git repository."""
        top = f"{self._top}/"
        inside = {path.removeprefix(top) for path in trace.read if path.startswith(top)}
        if read := self._beyond_command(self._ours(inside)):
            raise self._fault(hunt, commit, read)
        if heads := self._beyond_command(self._heads & trace.read):
            raise self._fault_of_git(hunt, commit, heads[0])

    def doubt(self, opened: list[str]) -> str:
        """What to tell the user about files that were opened, if the command cannot be traced."""
        files = [name for name in opened if name not in self._heads]
        return (
            f"{_listed(files) if files else 'the git repository'} of your checkout was opened while the "
            f"{self._what} ran; if the {self._what} did that, all commits use it"
        )

    def _ours(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the files that are watched, with sources for compiled Python modules."""
        return (self._tracked | self._heads) & {source_of(name) for name in names}

    def _beyond_command(self, names: frozenset[str]) -> list[str]:
        return sorted(name for name in names if str(self._top / name) not in self._line)

    def _fault(self, hunt: Hunt, commit: str, read: list[str]) -> HuntFileError:
        remedy = "let build and test use paths relative to the repository"
        if any(name.endswith(".py") for name in read):
            folder = "src" if read[0].startswith("src/") else "."
            own = shlex.quote(f"environment.set={{PYTHONPATH: {folder}}}")
            remedy += f", not an editable install: `--set {own}`, or the same in the hunt file"
        return HuntFileError(
            f"{hunt.locate(self._what, 'command')}: {self._what}.command: the {self._what} of {commit[:12]} "
            f"reads {_listed(read)} of your checkout, not of the commit, so every commit would use the same "
            f"files; {remedy}"
        )

    def _fault_of_git(self, hunt: Hunt, commit: str, read: str) -> HuntFileError:
        return HuntFileError(
            f"{hunt.locate(self._what, 'command')}: {self._what}.command: the {self._what} of {commit[:12]} "
            f"reads the git repository of your checkout ({read}), whose HEAD is the same for every commit; "
            "run git in the current folder, without a `-C`, `--git-dir` or `GIT_DIR` that leads to your "
            "checkout: it has the same commits and refs there, and HEAD is the commit that is tested"
        )


def _heads(repository: Repository) -> list[str]:
    """The absolute paths of HEAD, also those of linked worktrees."""
    shared = repository.git_folder
    folders = {shared, repository.own_git_folder, *(shared / "worktrees").glob("*")}
    return [str(folder / "HEAD") for folder in folders]


def source_of(name: str) -> str:
    """The source of a compiled Python module, `a/m.py` for `a/__pycache__/m.cpython-311.pyc`; else `name`."""
    path = PurePosixPath(name)
    if path.suffix != ".pyc" or path.parent.name != _COMPILED:
        return name
    return str(path.parent.parent / f"{path.name.split('.')[0]}.py")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")
