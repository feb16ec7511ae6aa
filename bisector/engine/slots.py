"""Slots: scratch worktrees, each in a folder of its own, held by one hunt at a time and gone after it."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from bisector.engine.hooks import finish_pending
from bisector.engine.uninterrupted import uninterrupted
from bisector.errors import EnvironmentFault, InfrastructureFault
from bisector.history.private import private_in, private_repositories
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.probe.file_lock import FileLock, try_lock
from bisector.probe.start import Back, Start

_Ran = TypeVar("_Ran")


class Slot:
    """A worktree under a lock, and what stands built in it: `commit` (or None), `digest` of its outputs."""

    def __init__(self, worktree: Worktree, lock: FileLock) -> None:
        self.worktree = worktree
        self.commit: str | None = None
        self.fresh = False
        self.digest = ""
        self.start: Start | None = None
        """Where its tests start from; None before the first of what stands in it."""
        self.is_spoilt = False
        """Whether a test has changed what only a clean build can make again."""
        self._is_broken = False
        self._lock = lock

    @contextlib.contextmanager
    def changing(self, commit: str) -> Iterator[None]:
        """Lay out and build `commit` inside of this; after a fault there the worktree is made anew.

        So what made git fail, such as the lock of one that was killed, does not stay.
        """
        self.commit = self.start = None
        self.require_held()
        if self._is_broken or not self.worktree.is_whole:
            self._is_broken = True
            self.worktree.remove()
            self.worktree.create(commit)
            self._is_broken = False
        try:
            yield
            self.require_held()
        except InfrastructureFault:
            self._is_broken = True
            raise

    @property
    def is_held(self) -> bool:
        """Whether the lock is still there, so that no other hunt can be in the slot."""
        return self._lock.is_whole

    def require_held(self) -> None:
        """Raise `InfrastructureFault` where the lock was deleted: another hunt may have laid out its own."""
        if not self.is_held:
            raise InfrastructureFault(
                f"the lock {self._lock.path} was deleted while it was in use; leave it to the hunt"
            )

    def from_start(self, start: Callable[[], Start], test: Callable[[], _Ran]) -> _Ran:
        """Run `test` on what stands in the slot, and undo what it did.

        `start` is called before the first test of what stands there. Raises what `put_back` raises.
        """
        self.start = self.start or start()
        try:
            ran = test()
        except Exception:
            with contextlib.suppress(InfrastructureFault):
                self.put_back()
            raise
        self.put_back()
        return ran

    def put_back(self) -> None:
        """Undo what a test did; where that cannot be done, nothing stands in the slot any more.

        Raises `InfrastructureFault` where files cannot be removed or written, or the lock was deleted.
        """
        if self.start is None:
            return
        self.require_held()
        back = Back.TO_BUILD_CLEAN
        try:
            back = self.start.put_back()
        finally:
            self.is_spoilt = self.is_spoilt or back is Back.TO_BUILD_CLEAN
            if back is not Back.WHOLE:
                self.commit = self.start = None

    def release(self) -> None:
        """Take the worktree away and give up the lock; a slot that another hunt may have by now is left."""
        try:
            if self.is_held or not self.worktree.is_scratch:
                self.worktree.remove()
        finally:
            self._lock.release()


class Slots:
    """The slots that one hunt holds in the folder `root`; a context manager.

    On entry, what dead hunts left in `root` is taken away, and what they had yet to run is run. Raises
    `EnvironmentFault` where the folder cannot be written. The private repository lies beside `root`.
    """

    def __init__(self, root: Path, repository: Repository) -> None:
        self.root = root.absolute()
        self.private = private_in(private_repositories(root), repository)
        self.others: tuple[str, ...] = ()
        """The slots that other hunts held on entry."""
        self._held: list[Slot] = []
        self._taking = threading.Lock()

    def __enter__(self) -> Slots:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(
                f"no slot can be made in {self.root} ({error.strerror}); choose another `scratch`"
            ) from error
        finish_pending(self.root)
        self._clear_leftovers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted(), contextlib.ExitStack() as stack:
            for slot in self._held:
                stack.callback(slot.release)
        self._held.clear()
        with contextlib.suppress(OSError, InfrastructureFault):
            # A git that outlived the hunt which had called it may have written after we came in.
            self._clear_leftovers()
            self.root.rmdir()

    def take(self, commit: str) -> Slot:
        """A free slot with a worktree that stands at `commit`, nothing checked out yet."""
        with self._taking:
            slot = next(slot for number in itertools.count(1) if (slot := self._try(str(number))) is not None)
            self._held.append(slot)
            slot.worktree.create(commit)
            return slot

    def _try(self, name: str) -> Slot | None:
        try:
            lock = try_lock(self.root / f"{name}.lock")
        except OSError as error:
            raise InfrastructureFault(
                f"no slot can be made in {self.root} ({error.strerror}); "
                "make room, or choose another `scratch`"
            ) from error
        return Slot(Worktree(self.private, self.root / name), lock) if lock else None

    def _clear_leftovers(self) -> None:
        others = []
        locked = {lock.stem for lock in self.root.glob("*.lock")}
        for name in sorted(locked | {entry.name for entry in self.root.iterdir() if entry.is_dir()}):
            slot = self._try(name)
            if slot is not None:
                slot.release()
            elif name.isdigit():
                others.append(name)
        self.others = tuple(others)
