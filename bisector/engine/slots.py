"""Slots: scratch worktrees, each in its own folder, held by one hunt at a time and removed after it."""

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
    """A locked worktree and what is built in it: `commit` (or None), and the `digest` of its outputs."""

    def __init__(self, worktree: Worktree, lock: FileLock) -> None:
        self.worktree = worktree
        self.commit: str | None = None
        self.clean = False
        self.digest = ""
        self.fix_ups = ""
        """The changes of the overlay without which the commit does not build."""
        self.start: Start | None = None
        """The state that tests start from; None before the first test of the current build."""
        self.is_spoilt = False
        """Whether a test has changed something that only a clean build can restore."""
        self._is_broken = False
        self._lock = lock

    @contextlib.contextmanager
    def changing(self, commit: str) -> Iterator[None]:
        """Check out and build `commit` inside this context; after a fault, recreate the worktree.

        This removes what made git fail, such as the lock file of a killed git process.
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
        """Whether the lock file still exists, so that no other hunt can use the slot."""
        return self._lock.is_whole

    def require_held(self) -> None:
        """Raise `InfrastructureFault` if the lock was deleted: another hunt may be using the slot."""
        if not self.is_held:
            raise InfrastructureFault(
                f"the lock {self._lock.path} was deleted while in use; do not delete it while a hunt runs"
            )

    def from_start(self, start: Callable[[], Start], test: Callable[[], _Ran]) -> _Ran:
        """Run `test` on the build in the slot, and undo its changes.

        Calls `start` before the first test of a build. Raises what `put_back` raises.
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
        """Undo a test's changes; if that is impossible, the slot no longer counts as built.

        Raises `InfrastructureFault` if files cannot be removed or written, or the lock was deleted.
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
        """Remove the worktree and release the lock; leaves a slot that another hunt may have taken over."""
        try:
            if self.is_held or not self.worktree.is_scratch:
                self.worktree.remove()
        finally:
            self._lock.release()


class Slots:
    """The slots that one hunt holds in the folder `root`; a context manager.

    On entry, removes what dead hunts left in `root` and runs their pending commands. Raises
    `EnvironmentFault` if the folder is not writable. The private repository is next to `root`.
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
                f"cannot create a slot in {self.root} ({error.strerror}); choose another `scratch`"
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
            # A git process of a dead hunt may have written after we entered.
            self._clear_leftovers()
            self.root.rmdir()

    def take(self, commit: str) -> Slot:
        """A free slot with a worktree at `commit`, but no files checked out yet."""
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
                f"cannot create a slot in {self.root} ({error.strerror}); "
                "free some space or choose another `scratch`"
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
