"""Slots: scratch worktrees, each held by one hunt at a time, gone when the hunt is over."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from pathlib import Path
from types import TracebackType

from bisector.engine.file_lock import FileLock, try_lock
from bisector.errors import EnvironmentFault
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.probe.dune_root import scripts_of


class Slot:
    """A worktree under a lock, and what stands in it; `commit` is None until something was built there."""

    def __init__(self, worktree: Worktree, lock: FileLock) -> None:
        self.worktree = worktree
        self.commit: str | None = None
        self.fresh = False
        self._lock = lock

    def release(self) -> None:
        """Take the worktree away and give up the lock."""
        try:
            self.worktree.remove()
            shutil.rmtree(scripts_of(self.worktree.path), ignore_errors=True)
        finally:
            self._lock.release()


class Slots:
    """The slots that one hunt holds in the folder `root`; a context manager.

    On entry, what dead hunts left in `root` is taken away. Raises `EnvironmentFault` where the folder
    cannot be written.
    """

    def __init__(self, root: Path, repository: Repository) -> None:
        self._root = root
        self._repository = repository
        self._held: list[Slot] = []

    def __enter__(self) -> Slots:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(
                f"no slot can be made in {self._root} ({error.strerror}); choose another `scratch`"
            ) from error
        self._clear_leftovers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.ExitStack() as stack:
            for slot in self._held:
                stack.callback(slot.release)
        self._held.clear()
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def take(self, commit: str) -> Slot:
        """A free slot with a worktree that stands at `commit`, nothing checked out yet."""
        free = (self._try(str(number)) for number in itertools.count(1))
        slot = next(slot for slot in free if slot is not None)
        self._held.append(slot)
        slot.worktree.create(commit)
        return slot

    def _try(self, name: str) -> Slot | None:
        lock = try_lock(self._root / f"{name}.lock")
        return Slot(Worktree(self._repository, self._root / name), lock) if lock else None

    def _clear_leftovers(self) -> None:
        for lock in self._root.glob("*.lock"):
            slot = self._try(lock.stem)
            if slot is not None:
                slot.release()
