"""Parses file accesses from the output of strace.

strace(1), https://strace.io. A line is `PID call(arguments) = result`; with `-y`, descriptors and `AT_FDCWD`
are followed by their path in angle brackets. A call that another process interrupts is split into two lines,
`<unfinished ...>` and `<... call resumed>`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

OPTIONS = (
    # Stopping only at traced calls halves the cost of tracing (strace 5.3 or newer).
    *("--seccomp-bpf", "-f", "-qq", "-y", "-e", "signal=none"),
    # A question mark: not every architecture has the call.
    *("-e", "trace=%file,?getdents,?getdents64,fchdir,?clone,?clone3,?fork,?vfork"),
)
"""Arguments of `strace` before the output file (`-o`) and the command."""

_LINE = re.compile(r"^(?P<pid>\d+) +(?:<\.\.\. )?(?P<call>\w+)(?P<resumed> resumed>)?(?P<rest>.*)$", re.S)
_RESULT = re.compile(r"\) += (?P<value>-?\w+|\?)(?:<(?P<path>/[^>]*)>)?(?:\(deleted\))?(?: (?P<error>E\w+))?")
_PATH = re.compile(r'(?:(?P<of>AT_FDCWD|\d+)(?:<(?P<base>/[^>]*)>)?, )?"(?P<path>(?:[^"\\]|\\.)*)"')
_DESCRIPTOR = re.compile(r"^\(\d+<(?P<path>/[^>]*)>")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
_UNFINISHED = "<unfinished ...>"

_OPENING = {"open", "openat", "openat2", "creat"}
_RUNNING = {"execve", "execveat"}
_STARTING = {"clone", "clone3", "fork", "vfork"}
_MOVING = {"rename", "renameat", "renameat2", "link", "linkat"}
_MAKING = {"mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "truncate"}
_TAKING_AWAY = {"unlink", "unlinkat", "rmdir"}
_LISTING = {"getdents", "getdents64"}
_WRITING = ("O_CREAT", "O_WRONLY", "O_TRUNC", "O_TMPFILE")
_NOT_THERE = {"ENOENT", "ENOTDIR"}


@dataclass
class Trace:
    """Absolute paths by kind of access. Files that the processes themselves created are in `written` only."""

    read: set[str] = field(default_factory=set)
    """Opened for reading, or executed."""
    executed: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    """Folders that were listed."""
    examined: set[str] = field(default_factory=set)
    """Found to exist, without reading their content."""
    absent: dict[str, None] = field(default_factory=dict)
    """Looked up but missing, in the order of the first look."""
    written: set[str] = field(default_factory=set)
    calls: int = 0


def parsed(lines: Iterable[str], folder: str) -> Trace:
    """Parse the output of strace for a command that started in `folder`."""
    reader = _Reader(folder)
    for line in lines:
        reader.take(line.rstrip("\n"))
    for path in reader.trace.written:
        reader.trace.absent.pop(path, None)
    return reader.trace


class _Reader:
    def __init__(self, folder: str) -> None:
        self.trace = Trace()
        self._start = folder
        self._folders: dict[str, str] = {}
        self._pending: dict[str, str] = {}

    def take(self, line: str) -> None:
        found = _LINE.match(line)
        if not found:
            return
        pid, call, rest = found["pid"], found["call"], found["rest"]
        if rest.endswith(_UNFINISHED):
            self._pending[pid] = rest.removesuffix(_UNFINISHED)
            if call in _STARTING:
                self._start = self._folder(pid)
            return
        if found["resumed"]:
            rest = self._pending.pop(pid, "(") + rest
        # A path may look like a result, so take the last match.
        if results := list(_RESULT.finditer(rest)):
            self.trace.calls += 1
            self._call(pid, call, rest[: results[-1].start()], results[-1])

    def _call(self, pid: str, call: str, arguments: str, result: re.Match[str]) -> None:
        if call in _STARTING:
            self._folders.setdefault(result["value"], self._folder(pid))
            return
        if call in _LISTING or call == "fchdir":
            if (descriptor := _DESCRIPTOR.match(arguments)) and not result["error"]:
                self._of_descriptor(pid, call, _text(descriptor["path"]))
            return
        paths = self._paths(pid, call, arguments)
        if not paths:
            return
        if result["error"]:
            if result["error"] in _NOT_THERE:
                self.trace.absent.update((path, None) for path in paths[:1] if path not in self.trace.written)
            return
        self._succeeded(pid, call, arguments, paths, _text(result["path"]) if result["path"] else "")

    def _of_descriptor(self, pid: str, call: str, path: str) -> None:
        if call == "fchdir":
            self._folders[pid] = path
        elif path not in self.trace.written:
            self.trace.listed.add(path)

    def _succeeded(self, pid: str, call: str, arguments: str, paths: list[str], real: str) -> None:
        if call in _OPENING:
            self._opened(call, arguments, {paths[0], real or paths[0]})
        elif call in _RUNNING:
            self._reads({paths[0]})
            self.trace.executed.add(paths[0])
        elif call in _MOVING:
            self._reads({paths[0]})
            self.trace.written.update(paths[1:])
        elif call in _MAKING:
            self.trace.written.update(paths)
        elif call == "chdir":
            self._folders[pid] = paths[0]
        elif call not in _TAKING_AWAY and paths[0] not in self.trace.written:
            self.trace.examined.add(paths[0])

    def _opened(self, call: str, arguments: str, paths: set[str]) -> None:
        flags = arguments.rpartition('"')[2]
        if call == "creat" or any(flag in flags for flag in _WRITING):
            self.trace.written |= paths
        elif "O_DIRECTORY" in flags or "O_PATH" in flags:
            self.trace.examined |= paths - self.trace.written
        else:
            self._reads(paths)
            if "O_RDWR" in flags:
                self.trace.written |= paths

    def _reads(self, paths: set[str]) -> None:
        self.trace.read |= paths - self.trace.written

    def _paths(self, pid: str, call: str, arguments: str) -> list[str]:
        """The absolute paths in the arguments: one, or two for calls that rename or link."""
        found = list(_PATH.finditer(arguments))
        # The first string of symlink(2) is the link's target, the second of readlink(2) its result.
        wanted = found[1:2] if call.startswith("symlink") else found[: 2 if call in _MOVING else 1]
        paths = []
        for one in wanted:
            path = _text(one["path"])
            if one["base"] and one["of"] == "AT_FDCWD":
                self._folders[pid] = _text(one["base"])
            if path:  # an empty path means the descriptor itself, which was opened before
                base = _text(one["base"]) if one["base"] else self._folder(pid)
                paths.append(os.path.normpath(Path(base, path)))
        return paths

    def _folder(self, pid: str) -> str:
        """The working directory of a process; before its start is recorded, that of its parent."""
        return self._folders.setdefault(pid, self._start)


def _text(escaped: str) -> str:
    """Unescape a string of strace; bytes that are not UTF-8 become surrogates."""
    if "\\" not in escaped:
        return escaped
    raw = _ESCAPE.sub(_letter, escaped.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _letter(found: re.Match[bytes]) -> bytes:
    code: bytes = found[1]
    return bytes([int(code, 8) & 0xFF]) if code.isdigit() else _LETTERS.get(code, code)
