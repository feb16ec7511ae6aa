"""Slots for a single probe: they include the user's checkout, and a reference whose build is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType

from bisector.engine.slots import Slot, Slots
from bisector.errors import EnvironmentFault
from bisector.history.in_place import InPlace
from bisector.history.kept import KeptWorktree
from bisector.history.repository import Repository
from bisector.history.worktree import Worktree
from bisector.probe.file_lock import try_lock


class SingleSlots(Slots):
    """Like `Slots`, for one probe.

    `in_place` (a commit and the checkout that is at it) replaces the slot of that commit. The build of
    `reference` (a commit and a folder) is taken from that folder, and moved back at the end.
    """

    def __init__(
        self,
        root: Path,
        repository: Repository,
        in_place: tuple[str, InPlace] | None,
        reference: tuple[str, Path] | None,
    ) -> None:
        super().__init__(root, repository)
        self._in_place = in_place
        self._reference = reference

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slot in self._held:
            if isinstance(slot.worktree, KeptWorktree) and slot.commit is not None and slot.is_held:
                slot.worktree.keep()
        super().__exit__(kind, error, trace)

    def take(self, commit: str) -> Slot:
        """The checkout for its own commit, the kept build for the reference, a free slot for any other.

        Raises `EnvironmentFault` if another process uses it.
        """
        if self._in_place and commit == self._in_place[0]:
            checkout = self._in_place[1]
            return self._locked(f"in-place-{_digest(checkout.path)}", checkout, commit)
        if self._reference and commit == self._reference[0]:
            kept = self._reference[1]
            name = f"reference-{_digest(kept)}"
            worktree = KeptWorktree(self.private, self.root / name, kept)
            slot = self._locked(name, worktree, commit)
            slot.commit = commit if worktree.is_back else None
            return slot
        return super().take(commit)

    def _locked(self, name: str, worktree: Worktree, commit: str) -> Slot:
        lock = try_lock(self.root / f"{name}.lock")
        if lock is None:
            raise EnvironmentFault(f"{worktree.path} is in use by another process; wait for it")
        try:
            worktree.create(commit)
        except BaseException:
            lock.release()
            raise
        slot = Slot(worktree, lock)
        self._held.append(slot)
        return slot


def _digest(path: Path) -> str:
    return hashlib.sha256(bytes(path)).hexdigest()[:8]
