"""Starts a command but holds it back until its process tree is owned."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.probe.ownership import MARK

SHELL = "/bin/sh"
"""The shell that runs command lines; every POSIX system has it."""

GATE = 'read -r go && exec "$@" </dev/null'
"""Holds the command back until its process is set up; exits by itself if bisector dies first."""

CHUNK = 256 * 1024
_AUTOGROUP_AGAIN = 0.12
"""Seconds until the kernel accepts another autogroup niceness from a user who is not root."""
PIPE = 1024 * 1024
"""Size of the output pipe in bytes, so that on a busy machine the test does not wait for its reader."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run (a line for `/bin/sh -c`, or a program with arguments), where, and its environment."""

    line: str | tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return (SHELL, "-c", self.line) if isinstance(self.line, str) else self.line


class Launch:
    """A command's first process, in its own session: held at a gate, released, read from, reaped."""

    def __init__(self, command: Command, token: str) -> None:
        """Raises InfrastructureFault if no process can be started."""
        if not command.folder.is_dir():
            raise InfrastructureFault(f"cannot run {command.line!r}: no folder {command.folder}")
        try:
            self._process = subprocess.Popen(
                [SHELL, "-c", GATE, SHELL, *command.words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                cwd=command.folder,
                env={**command.environment, MARK: token},
                start_new_session=True,
            )
        except OSError as error:
            raise InfrastructureFault(f"cannot start {command.line!r}: {error.strerror}") from error
        assert self._process.stdin and self._process.stdout
        self._gate = self._process.stdin
        self._output = self._process.stdout
        self.pid = self._process.pid
        os.set_blocking(self.output, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.output, fcntl.F_SETPIPE_SZ, PIPE)

    def pin(self, cpus: Set[int]) -> None:
        """Restrict the command and its descendants to these CPUs; call before opening the gate."""
        try:
            os.sched_setaffinity(self.pid, cpus)
        except OSError as error:
            named = ", ".join(map(str, sorted(cpus)))
            raise InfrastructureFault(f"cannot pin the test to CPU {named}: {error.strerror}") from error

    def yield_to_others(self, nice: int) -> None:
        """Lower the priority of the command and its descendants; call before opening the gate.

        Between sessions in different autogroups only the groups' niceness counts (sched(7), "The autogroup
        feature"). A descendant that opens its own session gets another autogroup.
        """
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, nice)
        autogroup = Path(f"/proc/{self.pid}/autogroup")
        with contextlib.suppress(OSError):
            try:
                autogroup.write_text(str(nice))
            except BlockingIOError:
                time.sleep(_AUTOGROUP_AGAIN)
                autogroup.write_text(str(nice))

    def limit_data(self, size: int) -> None:
        """Limit the private memory of each process to `size` bytes; call before opening the gate.

        RLIMIT_DATA counts private writable memory (getrlimit(2)). RLIMIT_AS would also count address space
        that a runtime only reserves, often more than the machine has.
        """
        _, most = resource.prlimit(self.pid, resource.RLIMIT_DATA)
        size = size if most == resource.RLIM_INFINITY else min(size, most)
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (size, size))

    @property
    def output(self) -> int:
        """The file descriptor of the output of the command and its children."""
        return self._output.fileno()

    def open_gate(self) -> None:
        """Start the command."""
        with contextlib.suppress(BrokenPipeError):
            self._gate.write(b"\n")
        self._gate.close()

    def read(self) -> bytes | None:
        """Read new output; None if there is none yet, empty at the end of the output."""
        try:
            return os.read(self.output, CHUNK)
        except BlockingIOError:
            return None

    @property
    def has_ended(self) -> bool:
        """Whether the first process has ended (without reaping it)."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self) -> tuple[int, resource.struct_rusage]:
        """Wait for the first process; returns its exit code (minus the signal that killed it) and its usage.

        A process still held at the gate exits too.
        """
        self._gate.close()
        _, status, account = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode, account

    def close(self) -> None:
        """Close the pipes."""
        self._gate.close()
        self._output.close()


@contextlib.contextmanager
def end_notice(pid: int) -> Iterator[int | None]:
    """A descriptor that becomes readable when `pid` ends; None if the kernel has none (before 5.3)."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
