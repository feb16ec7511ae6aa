"""Built artefacts, kept by what they were built from, so that no commit is built twice.

    entries/<build key>.json   the outputs' files, folders and links, with modes and times
    objects/<digest>           the files' bytes, once however many commits have them
    notes/<name>               what is known of builds, as empty files

What leaves the store is a copy, so that no test can change what it keeps. Entries appear whole or not at
all, bytes before the entry that names them. Whoever adds or takes holds the store's lock shared, whoever
throws out holds it alone; so hunts may share a store.
"""

from __future__ import annotations

import contextlib
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
"""Bytes that a store keeps where nobody says otherwise."""

_SHARE_BESIDE = 8
"""What a build leaves beside its outputs may take one in so many bytes of the limit."""

_HALF = ".half-"
_BLOCK = 512
"""Bytes in the unit of `st_blocks`, stat(2)."""


class ArtefactStore:
    """The store in the folder `root`, of at most `limit` bytes: what was used least recently goes first.

    Methods raise `InfrastructureFault` where the disk is full or not writable.
    """

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        self.root = root
        self._limit = limit
        self._entries = root / "entries"
        self._objects = root / "objects"
        self._notes = root / "notes"

    def has(self, key: str) -> bool:
        """Whether there is an entry `key`."""
        return (self._entries / f"{key}.json").exists()

    def keep(
        self,
        key: str,
        slot: Path,
        outputs: Sequence[str],
        beside: Sequence[str] = (),
        *,
        with_beside: bool = False,
    ) -> Entry:
        """Take `outputs` (files or folders in the slot) into the entry `key`.

        `beside` is what else the build has left there: taken too if `with_beside`, unless it is large or
        cannot be kept. Raises `CannotBeKept` where an output holds a FIFO, a socket or a device.
        """
        with self._usable():
            with self._locked():
                files = tuple(self._taken(slot, outputs))
                others = self._taken_beside(slot, beside) if with_beside else ()
                entry = Entry(tuple(outputs), files, tuple(beside), others)
                half = self._half()
                half.write_bytes(entry.to_json())
                half.rename(self._entries / f"{key}.json")
            self._throw_out(key)
        return entry

    def entry(self, key: str, slot: Path, outputs: Sequence[str]) -> Entry | None:
        """What is kept as `key`; None where it is not whole, of other outputs, or does not fit the slot."""
        if not all(is_inside(slot, output) for output in outputs):
            return None
        with self._usable(), self._locked():
            entry = self._whole(key)
        return entry if entry and entry.outputs == tuple(outputs) and _fits(slot, entry) else None

    def restore(self, key: str, slot: Path, outputs: Sequence[str], *, alone: bool = False) -> Entry | None:
        """Put what entry `key` has into the slot, only its outputs if `alone`.

        None, and nothing is touched, where `entry` gives none.
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

    def note(self, name: str) -> None:
        """Remember a name, for `is_noted`."""
        with self._usable(), self._locked():
            (self._notes / name).touch()

    def is_noted(self, name: str) -> bool:
        """Whether `note` was called with this name."""
        return (self._notes / name).exists()

    @contextmanager
    def building(self, key: str, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the right to build `key`; `wait` is called as long as another one is at it."""
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
        """Throw out everything, once nobody adds or takes any more."""
        if self.root.exists():
            with self._usable(), lock_held(self.root / "lock"):
                take_away(self.root)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"built artefacts cannot be kept in {self.root}: {error.strerror or error}; "
                "make room, or choose another `scratch`"
            ) from error

    def _taken(self, slot: Path, outputs: Sequence[str]) -> Iterator[StoredFile]:
        """The outputs as the store has them, their bytes taken in."""
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

    def _taken_beside(self, slot: Path, beside: Sequence[str]) -> tuple[StoredFile, ...]:
        try:
            size = sum((slot / path).lstat().st_size for path in beside)
            return tuple(self._taken(slot, beside)) if size <= self._limit // _SHARE_BESIDE else ()
        except CannotBeKept:
            return ()

    def _take(self, file: Path) -> tuple[str, int, int]:
        """The object with a file's bytes: digest, size, and when its inode last changed."""
        half = self._half()
        copy_bytes(file, half)
        # Of the copy: whatever still runs may write into the file itself.
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
        # Last, and from below: a folder may refuse to be written, and what is put in changes its time.
        for file in reversed(files):
            target = slot / file.path
            if file.kind != "link":
                target.chmod(file.mode)
            os.utime(target, ns=(file.time, file.time), follow_symlinks=False)

    def _whole(self, key: str) -> Entry | None:
        """The entry, with all its bytes; one of which something is lost or damaged is taken away."""
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
            # Nobody can set back an inode's time of change. It also changes where a store is copied or moved.
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
        """Keep to the limit; never at the cost of the entry just made."""
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
        """Bytes of every object, on disk; another process may throw some out meanwhile."""
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
    """Whether all of an entry comes to lie in the slot, whatever links the commit has there."""
    folders = {file.path for file in entry.files if file.kind == "folder"}
    return all(
        is_inside(slot, file.path) for file in entry.files if str(Path(file.path).parent) not in folders
    )
