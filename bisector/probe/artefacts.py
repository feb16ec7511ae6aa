"""Built artefacts, stored under a key of what they were built from, so that no commit is built twice.

    entries/<build key>.json   the files, folders and links of the outputs, with modes and times
    objects/<digest>           the bytes of a file, stored once for all commits that have it
    notes/<name>               facts about builds, as empty files

The store hands out copies, so no test can change what it keeps. Entries are atomic: bytes are written before
the entry that names them. Adding and taking need a shared lock, evicting an exclusive one, so several hunts
can use one store.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.removal import take_away
from bisector.probe.copying import copy_bytes, digest_of
from bisector.probe.file_lock import lock_held, try_lock
from bisector.probe.inside import is_inside
from bisector.probe.output_files import CannotBeKept, files_of, remove
from bisector.probe.stored import Entry, StoredFile, entry_from_json

GIB = 1024**3
LIMIT = 10 * GIB
"""Default size limit of a store in bytes."""

_SHARE_BESIDE = 8
"""Undeclared files of a build are stored only up to this fraction (1/N) of the limit."""

_LARGEST_TEXT = 1024 * 1024
"""Largest file in bytes that is searched for the path of its slot."""

_HALF = ".half-"
_BLOCK = 512
"""Bytes in the unit of `st_blocks`, stat(2)."""


class ArtefactStore:
    """The store in the folder `root`, at most `limit` bytes. It evicts the least recently used entries.

    Methods raise `InfrastructureFault` if the disk is full or not writable.
    """

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        self.root = root
        self._limit = limit
        self._entries = root / "entries"
        self._objects = root / "objects"
        self._notes = root / "notes"

    def has(self, key: str) -> bool:
        """Whether the store has an entry `key`."""
        return (self._entries / f"{key}.json").exists()

    def keep(
        self,
        key: str,
        slot: Path,
        outputs: Sequence[str],
        beside: Sequence[str] = (),
        *,
        with_beside: bool = False,
        binaries_too: bool = False,
    ) -> Entry:
        """Store `outputs` (files or folders in the slot) as the entry `key`.

        `beside` lists the build's undeclared files. With `with_beside` they are stored too, unless they are
        large or cannot be stored. An entry fits only its slot if a text file contains the path of the slot,
        or, with `binaries_too`, any file. Raises `CannotBeKept` if an output contains a FIFO, a socket or a
        device.
        """
        with self._usable():
            with self._locked():
                files = tuple(self._taken(slot, outputs))
                others = self._taken_beside(slot, beside) if with_beside else ()
                names = self._contains if binaries_too else self._names
                place = str(slot) if any(names(slot, file) for file in files) else ""
                entry = Entry(tuple(outputs), files, tuple(beside), others, place)
                half = self._half()
                half.write_bytes(entry.to_json())
                half.rename(self._entries / f"{key}.json")
            self._throw_out(key)
        return entry

    def entry(self, key: str, slot: Path, outputs: Sequence[str]) -> Entry | None:
        """The entry `key`; None if it is missing, damaged, has other outputs, or does not fit the slot."""
        if not all(is_inside(slot, output) for output in outputs):
            return None
        with self._usable(), self._locked():
            entry = self._whole(key)
        return entry if entry and entry.outputs == tuple(outputs) and _fits(slot, entry) else None

    def restore(self, key: str, slot: Path, outputs: Sequence[str], *, alone: bool = False) -> Entry | None:
        """Copy the files of entry `key` into the slot; with `alone` only its outputs.

        Returns None and touches nothing if `entry` returns None.
        """
        if self.entry(key, slot, outputs) is None:
            return None
        with self._usable(), self._locked():
            entry = self._whole(key)
            if entry is None:
                return None
            for path in (*outputs, *(() if alone else entry.beside)):
                remove(slot / path)
            self._give(slot, entry.files)
            self._give(slot, () if alone else entry.others)
            os.utime(self._entries / f"{key}.json")
            return entry

    def alias(self, key: str, name: str) -> None:
        """Give the entry `key` the further name `name`."""
        with self._usable(), self._locked():
            half = self._half()
            half.write_bytes((self._entries / f"{key}.json").read_bytes())
            half.rename(self._entries / f"{name}.json")

    def note(self, name: str) -> None:
        """Record a name for `is_noted`."""
        with self._usable(), self._locked():
            (self._notes / name).touch()

    def is_noted(self, name: str) -> bool:
        """Whether `note` was called with this name."""
        return (self._notes / name).exists()

    @contextmanager
    def building(self, key: str, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the exclusive right to build `key`; call `wait` repeatedly while another process has it."""
        path = self.root / "building" / key
        with self._usable():
            path.parent.mkdir(parents=True, exist_ok=True)
            while (lock := try_lock(path)) is None:
                wait()
        try:
            yield
        finally:
            lock.release()

    def clear(self) -> None:
        """Delete everything, once nobody is using the store."""
        if self.root.exists():
            with self._usable(), lock_held(self.root / "lock"):
                take_away(self.root)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"cannot store built artefacts in {self.root}: {error.strerror or error}; "
                "free some space or choose another `scratch`"
            ) from error

    def _taken(self, slot: Path, outputs: Sequence[str]) -> Iterator[StoredFile]:
        """Store the bytes of the outputs, and yield their records."""
        twins: dict[tuple[int, int], str] = {}
        for path, status in files_of(slot, outputs):
            name = str(path.relative_to(slot))
            mode, time = stat.S_IMODE(status.st_mode), status.st_mtime_ns
            if stat.S_ISLNK(status.st_mode):
                link = os.readlink(path)  # noqa: PTH115  Path would change its text
                inside = any(Path(link).is_relative_to(top) for top in (slot, slot.resolve()))
                link = os.path.relpath(link, slot) if inside else link
                yield StoredFile(name, "link", time=time, link=link, in_slot=inside)
            elif stat.S_ISDIR(status.st_mode):
                yield StoredFile(name, "folder", mode, time)
            else:
                twin = twins.setdefault((status.st_dev, status.st_ino), name)
                digest, size, checked = self._take(path)
                twin = "" if twin == name else twin
                yield StoredFile(name, "file", mode, time, size, digest, checked, twin)

    def _names(self, slot: Path, file: StoredFile) -> bool:
        """Whether a stored text file contains the path of the slot.

        In binaries it is debug information, which no run reads.
        """
        if not file.digest or file.size > _LARGEST_TEXT:
            return False
        content = (self._objects / file.digest).read_bytes()
        return os.fsencode(slot) in content and b"\0" not in content

    def _contains(self, slot: Path, file: StoredFile) -> bool:
        """Whether a stored file, of any kind and size, contains the path of the slot."""
        if not file.digest or not file.size:
            return False
        with (
            (self._objects / file.digest).open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return any(content.find(os.fsencode(path)) >= 0 for path in {slot, slot.resolve()})

    def _taken_beside(self, slot: Path, beside: Sequence[str]) -> tuple[StoredFile, ...]:
        try:
            there = [path for path in beside if os.path.lexists(slot / path)]  # A build may remove files.
            size = sum((slot / path).lstat().st_size for path in there)
            return tuple(self._taken(slot, there)) if size <= self._limit // _SHARE_BESIDE else ()
        except CannotBeKept:
            return ()

    def _take(self, file: Path) -> tuple[str, int, int]:
        """Store a file's bytes as an object; returns its digest, its size and its ctime."""
        half = self._half()
        copy_bytes(file, half)
        # Hash the copy: a process that still runs may write to the file itself.
        digest = digest_of(half)
        place = self._objects / digest
        if place.exists() and digest_of(place) == digest:
            half.unlink()
        else:
            half.rename(place)
        status = place.stat()
        return digest, status.st_size, status.st_ctime_ns

    def _give(self, slot: Path, files: Sequence[StoredFile]) -> None:
        for file in files:
            target = slot / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.kind == "folder":
                target.mkdir(exist_ok=True)
            elif file.kind == "link":
                target.symlink_to(os.path.normpath(slot / file.link) if file.in_slot else file.link)
            elif file.twin:
                os.link(slot / file.twin, target)
            else:
                copy_bytes(self._objects / file.digest, target)
        # Last and bottom-up: a mode may forbid writing, and adding a file changes its folder's time.
        for file in reversed(files):
            target = slot / file.path
            if file.kind != "link":
                target.chmod(file.mode)
            os.utime(target, ns=(file.time, file.time), follow_symlinks=False)

    def _whole(self, key: str) -> Entry | None:
        """The entry if all its bytes are intact; a damaged entry is deleted."""
        path = self._entries / f"{key}.json"
        try:
            entry = entry_from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        if entry is None or not all(map(self._is_whole, (*entry.files, *entry.others))):
            path.unlink(missing_ok=True)
            return None
        return entry

    def _is_whole(self, file: StoredFile) -> bool:
        if file.kind != "file":
            return True
        place = self._objects / file.digest
        try:
            status = place.stat()
            # Nobody can set a ctime, so a match proves the bytes. Copying the store changes it.
            if (status.st_size, status.st_ctime_ns) == (file.size, file.checked):
                return True
            return status.st_size == file.size and digest_of(place) == file.digest
        except OSError:
            return False

    def _half(self) -> Path:
        handle, name = tempfile.mkstemp(prefix=_HALF, dir=self.root)
        os.close(handle)
        return Path(name)

    def _throw_out(self, newest: str) -> None:
        """Evict entries until the limit holds, but never the one just stored."""
        if sum(self._sizes().values()) <= self._limit:
            return
        with self._locked(alone=True):
            objects = self._sizes()
            entries = sorted(self._entries.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
            needed = {entry: self._needed_by(entry) for entry in entries}
            used = set().union(*needed.values())
            for entry in [entry for entry in entries if entry.stem != newest]:
                if sum(objects.get(path, 0) for path in used) <= self._limit:
                    break
                entry.unlink()
                del needed[entry]
                used = set().union(*needed.values())
            for path in self._objects.iterdir():
                if path not in used:
                    path.unlink()
            for half in self.root.glob(f"{_HALF}*"):
                half.unlink()

    def _sizes(self) -> dict[Path, int]:
        """Disk usage of each object in bytes; another process may delete some meanwhile."""
        found: dict[Path, int] = {}
        for path in self._objects.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                found[path] = min(status.st_size, status.st_blocks * _BLOCK)
        return found

    def _needed_by(self, path: Path) -> set[Path]:
        entry = entry_from_json(path.read_bytes())
        files = (*entry.files, *entry.others) if entry else ()
        return {self._objects / file.digest for file in files if file.digest}

    @contextmanager
    def _locked(self, *, alone: bool = False) -> Iterator[None]:
        with lock_held(self.root / "lock", shared=not alone):
            for folder in (self._entries, self._objects, self._notes):
                folder.mkdir(exist_ok=True)
            yield


def _fits(slot: Path, entry: Entry) -> bool:
    """Whether an entry works in this slot: no text file names another slot, and every file stays inside.

    Symbolic links of the commit may lead outside.
    """
    if entry.place not in ("", str(slot)):
        return False
    folders = {file.path for file in entry.files if file.kind == "folder"}
    return all(
        is_inside(slot, file.path) for file in entry.files if str(Path(file.path).parent) not in folders
    )
