"""`bisector clean`: remove what hunts keep between runs, except what is in use."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from bisector.engine.slots import Slots
from bisector.errors import EnvironmentFault, HistoryError
from bisector.history.removal import take_away
from bisector.history.repository import Repository
from bisector.hunt.ground import opened
from bisector.hunt.journal import HuntRow
from bisector.hunt.scratch import Scratch, holder
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.file_lock import FileLock, try_lock
from bisector.probe.leftovers import clean_leftovers


def clean(scratch: Scratch, *, everything: bool) -> list[str]:
    """Remove built artefacts, private repositories, logs, leftovers; with `everything` reports and journal.

    While another bisector uses the folder, removes only leftovers and the logs of other hunts. Returns the
    users as sentence subjects, empty if there are none. Raises what `Slots` and the store raise.
    """
    if not scratch.is_ours:
        return []
    clean_leftovers()
    hunts = _hunts(scratch, damaged=everything)
    alone = try_lock(scratch.in_use)
    try:
        for repository in _repositories(hunts):
            # Entering removes what dead hunts left; slots in use stay.
            with Slots(scratch.slots, repository):
                pass
        running = [name for folder in _logs(scratch) if (name := _clean_logs(scratch, folder, hunts))]
        if alone is None or running:
            return running or ["another bisector is"]
        ArtefactStore(scratch.store).clear()
        take_away(scratch.repositories)
        if everything:
            _remove_all(scratch)
    finally:
        if alone:
            alone.release()
    if everything:
        with contextlib.suppress(OSError):
            scratch.root.rmdir()
    return []


def _remove_all(scratch: Scratch) -> None:
    shutil.rmtree(scratch.reports, ignore_errors=True)
    # A killed process leaves the second file; SQLite ignores it next to a new database.
    for file in (scratch.journal, scratch.journal.with_name(f"{scratch.journal.name}-journal")):
        file.unlink(missing_ok=True)


def _logs(scratch: Scratch) -> list[Path]:
    return sorted(scratch.all_logs.iterdir()) if scratch.all_logs.is_dir() else []


def _clean_logs(scratch: Scratch, logs: Path, hunts: list[HuntRow]) -> str:
    """Remove the logs of one hunt; returns who is running it, '' if nobody is."""
    path = scratch.lock(logs.name)
    lock = try_lock(path)
    if lock is None:
        names = (f"the hunt {row.name}" for row in hunts if row.key.startswith(logs.name))
        return f"{next(names, 'bisector')} ({holder(path)}) is"
    with _released(lock):
        shutil.rmtree(logs, ignore_errors=True)
        with contextlib.suppress(OSError):
            logs.parent.rmdir()
    return ""


@contextlib.contextmanager
def _released(lock: FileLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def _hunts(scratch: Scratch, *, damaged: bool) -> list[HuntRow]:
    """All hunts in the journal; with `damaged`, none if it cannot be read."""
    if not scratch.journal.exists():
        return []
    with (
        contextlib.suppress(EnvironmentFault) if damaged else contextlib.nullcontext(),
        opened(scratch) as one,
    ):
        return list(one.hunts())
    return []


def _repositories(hunts: list[HuntRow]) -> list[Repository]:
    found: dict[str, Repository] = {}
    for path in dict.fromkeys(str(row.document["repository"]) for row in hunts):
        with contextlib.suppress(HistoryError):
            found[path] = Repository(Path(path))
    return list(found.values())
