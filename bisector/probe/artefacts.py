"""Built artefacts, kept by what they were built from, so that no commit is built twice.

    entries/<build key>.json   the outputs' files: path, mode, size, SHA-256
    objects/<SHA-256>          their bytes, once however many commits have them

Entries appear whole or not at all, bytes before the entry that names them. Whoever adds or takes holds the
store's lock shared, whoever throws out holds it alone; so hunts may share a store.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.probe.file_lock import try_lock
from bisector.probe.inside import is_inside
from bisector.probe.link import link_or_copy
from bisector.probe.output_files import files_of, remove, sha256_of

GIB = 1024**3
LIMIT = 10 * GIB
"""Bytes that a store keeps where nobody says otherwise."""

_HALF = ".half-"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an entry: `path` from the slot's top; `link` is where a symbolic link points, else empty.

    `time` is when its bytes in the store were last written, in nanoseconds: later, somebody wrote into them.
    """

    path: str
    mode: int
    size: int
    digest: str
    link: str = ""
    time: int = 0


class ArtefactStore:
    """The store in the folder `root`, of at most `limit` bytes: what was used least recently goes first.

    Methods raise `InfrastructureFault` where the disk is full or not writable.
    """

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        self.root = root
        self._limit = limit
        self._entries = root / "entries"
        self._objects = root / "objects"

    def has(self, key: str) -> bool:
        """Whether there is an entry `key`."""
        return (self._entries / f"{key}.json").exists()

    def keep(self, key: str, slot: Path, outputs: Sequence[str]) -> str:
        """Take `outputs` (files or folders in the slot) into the entry `key`; the digest of their bytes."""
        with self._usable():
            with self._locked(fcntl.LOCK_SH):
                files = [self._take(slot, file) for file in files_of(slot, outputs)]
                digest = _digest(files)
                content = {"outputs": list(outputs), "digest": digest, "files": [asdict(f) for f in files]}
                self._written(json.dumps(content).encode()).rename(self._entries / f"{key}.json")
            self._throw_out(key)
        return digest

    def restore(self, key: str, slot: Path, outputs: Sequence[str]) -> str | None:
        """Put the outputs of entry `key` into the slot; their digest, or None where there is no whole one."""
        entry = self._entries / f"{key}.json"
        if not entry.exists() or not all(is_inside(slot, output) for output in outputs):
            return None
        with self._usable(), self._locked(fcntl.LOCK_SH):
            try:
                content = json.loads(entry.read_text())
                files = [StoredFile(**file) for file in content["files"]]
            except (OSError, ValueError):
                return None
            if content["outputs"] != list(outputs) or not all(map(self._is_whole, files)):
                entry.unlink(missing_ok=True)
                return None
            for output in outputs:
                remove(slot / output)
            for file in files:
                self._give(file, slot / file.path)
            os.utime(entry)
            return str(content["digest"])

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

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"built artefacts cannot be kept in {self.root}: {error.strerror or error}; "
                "make room, or choose another `scratch`"
            ) from error

    def _take(self, slot: Path, file: Path) -> StoredFile:
        status, path = file.lstat(), str(file.relative_to(slot))
        if file.is_symlink():
            link = str(file.readlink())
            return StoredFile(path, 0, 0, hashlib.sha256(os.fsencode(link)).hexdigest(), link)
        digest = sha256_of(file)
        stored = StoredFile(path, status.st_mode & 0o7777, status.st_size, digest)
        place = self._place(stored)
        if not place.exists() or sha256_of(place) != digest:
            half = self._half()
            half.unlink()
            # A copy: what goes on building in the slot may write into its own file.
            shutil.copy2(file, half)
            half.rename(place)
        return replace(stored, time=place.stat().st_mtime_ns)

    def _give(self, file: StoredFile, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.link:
            target.symlink_to(file.link)
        else:
            link_or_copy(self._place(file), target)

    def _place(self, file: StoredFile) -> Path:
        # Hard links share their mode, so that the same bytes with two modes are two objects.
        return self._objects / f"{file.digest}-{file.mode:o}"

    def _is_whole(self, file: StoredFile) -> bool:
        if file.link:
            return True
        try:
            status = self._place(file).stat()
            return (status.st_size, status.st_mtime_ns) == (file.size, file.time)
        except OSError:
            return False

    def _half(self) -> Path:
        handle, name = tempfile.mkstemp(prefix=_HALF, dir=self.root)
        os.close(handle)
        return Path(name)

    def _written(self, content: bytes) -> Path:
        half = self._half()
        half.write_bytes(content)
        return half

    def _throw_out(self, newest: str) -> None:
        """Keep to the limit; never at the cost of the entry just made."""
        if sum(self._sizes().values()) <= self._limit:
            return
        with self._locked(fcntl.LOCK_EX):
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
        """Bytes of every object; another process may throw some out meanwhile."""
        found: dict[Path, int] = {}
        for path in self._objects.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[path] = path.stat().st_size
        return found

    def _needed_by(self, entry: Path) -> set[Path]:
        try:
            return {self._place(StoredFile(**file)) for file in json.loads(entry.read_text())["files"]}
        except (OSError, ValueError):
            return set()

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        for folder in (self._entries, self._objects):
            folder.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, how)
            yield


def _digest(files: Sequence[StoredFile]) -> str:
    """SHA-256 over the names and bytes."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.path.encode(errors="surrogateescape") + b"\0" + file.digest.encode())
    return total.hexdigest()
