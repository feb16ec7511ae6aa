"""The folders of a worker: its own for the hunt, and a clone shared by the workers of one machine."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bisector.engine.cluster_shipment import rename_if_first
from bisector.engine.hooks import finish_pending
from bisector.errors import EnvironmentFault
from bisector.history.repository import Repository
from bisector.history.transport import Packed, clone, fetch, linked_copy, unpack
from bisector.probe.file_lock import FileLock, try_lock

_LOOK = 0.1
"""Seconds between checks whether another worker on this machine has made the clone."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a worker gets the history: a pack or a URL, with a `name` for its clone."""

    name: str
    content: Packed | str


def own_folder(root: Path) -> tuple[Path, FileLock]:
    """A new locked folder below `root`; first removes those of dead workers. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob("*.lock"):
        lock = try_lock(left)
        if lock is not None:
            finish_pending(left.with_suffix("") / "slots")
            shutil.rmtree(left.with_suffix(""), ignore_errors=True)
            lock.release()
    folder = Path(tempfile.mkdtemp(prefix="worker-", dir=root))
    own = try_lock(folder.with_suffix(".lock"))
    if own is None:
        raise BlockingIOError(0, f"{folder} is locked by another process")
    return folder, own


def cloned(source: Source, root: Path, folder: Path) -> Repository:
    """A repository in the new `folder`, linked to the clone that all workers of `root` share."""
    whole = root / f"{source.name}.git"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root / f"{source.name}.lock"):
            if not whole.is_dir():
                with tempfile.TemporaryDirectory(prefix=".half-", dir=root) as half:
                    _obtain(source.content, Path(half) / "git")
                    rename_if_first(Path(half) / "git", whole)
            elif isinstance(source.content, str):
                fetch(Repository(whole))
            return linked_copy(whole, folder)
    except OSError as error:
        raise EnvironmentFault(f"cannot clone into {root} ({error.strerror}); free some space") from error


def _obtain(content: Packed | str, folder: Path) -> None:
    if isinstance(content, str):
        clone(content, folder)
    else:
        unpack(content, folder)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock `path`, after waiting for it."""
    while (lock := try_lock(path)) is None:
        time.sleep(_LOOK)
    try:
        yield
    finally:
        lock.release()
