"""A command of a hunt under strace: its words, and where strace writes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bisector.history.worktree import Worktree
from bisector.probe.launch import SHELL
from bisector.probe.sandbox import private_tmp_of
from bisector.probe.strace import OPTIONS, Trace, parsed

SLOWER = 4.0
"""Factor on time limits: under strace, many small processes are slow."""


def strace_in(environment: Mapping[str, str]) -> str | None:
    """The program strace on the PATH of this environment; None if there is none."""
    return shutil.which("strace", path=environment.get("PATH"))


@dataclass(frozen=True)
class UnderStrace:
    """The program `strace` around commands in the slot `worktree`; `logs` is a folder for its output.

    It writes the file `record` there; in a sandbox, which has its own /tmp, it writes to that. It ends with
    the last process that the command started; if `detached`, with the command itself.
    """

    strace: str
    worktree: Worktree
    logs: Path
    sandboxed: bool
    record: str = "strace"
    detached: bool = False

    def words(self, command: str | tuple[str, ...]) -> tuple[str, ...]:
        """The words of the traced command."""
        words = (SHELL, "-c", command) if isinstance(command, str) else command
        inside = f"/tmp/{self.record}" if self.sandboxed else str(self._place)
        detached = ("-D",) if self.detached else ()
        return (self.strace, *detached, *OPTIONS, "-o", inside, *words)

    def trace(self, folder: str) -> Trace:
        """Parse and delete the trace of the command that ran in `folder` of the slot; empty without one."""
        try:
            with self._place.open(encoding="utf-8", errors="surrogateescape") as lines:
                return parsed(lines, str(self.worktree.path.resolve() / folder))
        except FileNotFoundError:
            return Trace()
        finally:
            self._place.unlink(missing_ok=True)

    @property
    def _place(self) -> Path:
        """The path of strace's output file outside the sandbox."""
        if self.sandboxed:
            return private_tmp_of(self.worktree.path.resolve()) / self.record
        return self.logs.resolve() / self.record
