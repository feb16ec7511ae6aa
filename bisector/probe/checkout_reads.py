"""Whether a build or a test reads the sources of the user's checkout instead of those of the commit.

An editable install, an absolute path or a link makes every commit use the same files. The answer would then
be about something else, such as the commit that added the tests.
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
    """Watches the tracked files of the checkout at `top`, from now on, for one `command` of a hunt.

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
        self._top = top
        self._what = what
        self._line = command if isinstance(command, str) else shlex.join(command)
        listed = os.fsdecode(repository.git("ls-files", "-z", folder=top))
        self._tracked = frozenset(filter(None, (*listed.split("\0"), *built)))
        sources = {name for name in self._tracked if name.endswith(".py")}
        folders = {f"{PurePosixPath(name).parent}/{_COMPILED}" for name in sources}
        self._opened = OpenedFiles(top, self._tracked, [one for one in folders if (top / one).is_dir()])

    def opened(self) -> list[str] | None:
        """The files that anybody opened meanwhile, sorted; None if that is not known. Ends the watch.

        Files that the command names are left out: a script may be meant to serve all commits.
        """
        found = self._opened.found()
        return None if found is None else self._beyond_command(self._ours(found))

    def require_none_read(self, trace: Trace, hunt: Hunt, commit: str) -> None:
        """Raise `HuntFileError` if a traced run of the command read tracked files of the checkout."""
        top = f"{self._top}/"
        inside = {path.removeprefix(top) for path in trace.read if path.startswith(top)}
        if read := self._beyond_command(self._ours(inside)):
            raise self._fault(hunt, commit, read)

    def doubt(self, opened: list[str]) -> str:
        """What to tell the user about files that were opened, if the command cannot be traced."""
        return (
            f"{_listed(opened)} of your checkout was opened while the {self._what} ran; "
            f"if the {self._what} did that, all commits use it"
        )

    def _ours(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the files that are watched, with sources for compiled Python modules."""
        return self._tracked & {source_of(name) for name in names}

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


def source_of(name: str) -> str:
    """The source of a compiled Python module, `a/m.py` for `a/__pycache__/m.cpython-311.pyc`; else `name`."""
    path = PurePosixPath(name)
    if path.suffix != ".pyc" or path.parent.name != _COMPILED:
        return name
    return str(path.parent.parent / f"{path.name.split('.')[0]}.py")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")
