"""Which files of the user's checkout are opened while a test runs, as inotify(7) tells without tracing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_IN_OPEN = 0x20
_IN_Q_OVERFLOW = 0x4000
_IN_ONLYDIR = 0x01000000
_EVENT = struct.Struct("iIII")
_MOST_FOLDERS = 10_000
_AT_ONCE = 1 << 20


class OpenedFiles:
    """Watches the files `names` until `found` or `close`; whoever opens them counts.

    Their paths start at `top` or are absolute. Of the folders `whole`, every file is watched.
    """

    def __init__(self, top: Path, names: Iterable[str], whole: Iterable[str] = ()) -> None:
        self._names = frozenset(names)
        self._whole = frozenset(map(os.path.normpath, whole))
        self._folders: dict[int, str] = {}
        self._is_complete = True
        self.times: Counter[str] = Counter()
        """How often each file was opened, once `found` has told. Twice in a row is once (inotify(7))."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        folders = {str(PurePosixPath(name).parent) for name in self._names} | self._whole
        if self._watch < 0 or len(folders) > _MOST_FOLDERS:
            self._is_complete = False
            return
        for folder in folders:
            self._add(top, folder)

    def _add(self, top: Path, folder: str) -> None:
        place = top / folder
        if not place.is_dir():
            return
        number = self._libc.inotify_add_watch(self._watch, bytes(place), _IN_OPEN | _IN_ONLYDIR)
        if number < 0:
            self._is_complete = False
        else:
            self._folders[number] = folder

    def __enter__(self) -> OpenedFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the watch."""
        if self._watch >= 0:
            os.close(self._watch)
            self._watch = -1

    def found(self) -> frozenset[str] | None:
        """The files that were opened; None if the kernel did not watch all. Ends the watch."""
        if self._watch >= 0:
            with contextlib.suppress(BlockingIOError):
                while events := os.read(self._watch, _AT_ONCE):
                    self.times.update(self._names_in(events))
            self.close()
        wanted = {
            name
            for name in self.times
            if name in self._names or str(PurePosixPath(name).parent) in self._whole
        }
        return frozenset(wanted) if self._is_complete else None

    def _names_in(self, events: bytes) -> list[str]:
        found, at = [], 0
        while at < len(events):
            watch, mask, _, length = _EVENT.unpack_from(events, at)
            at += _EVENT.size + length
            name = os.fsdecode(events[at - length : at].rstrip(b"\0"))
            if mask & _IN_Q_OVERFLOW:
                self._is_complete = False
            elif name and watch in self._folders:
                found.append(os.path.normpath(PurePosixPath(self._folders[watch], name)))
        return found
