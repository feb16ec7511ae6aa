"""The scratch folder, where a hunt keeps its own files: slots, artefacts, logs, reports, the journal."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bisector.engine.uninterrupted import uninterrupted
from bisector.errors import EnvironmentFault
from bisector.history.private import private_repositories
from bisector.history.repository import Repository
from bisector.hunt_file import Hunt
from bisector.probe.file_lock import lock_held, try_lock

_GLANCE = 0.05
"""Seconds in which `status` has released a lock that it took to see whether a hunt holds it."""

_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Scratch:
    """The scratch folder `root` and the paths in it."""

    root: Path

    @property
    def slots(self) -> Path:
        """Worktrees in use; removed between hunts."""
        return self.root / "slots"

    @property
    def repositories(self) -> Path:
        """The private repositories that slots borrow objects from."""
        return private_repositories(self.slots)

    @property
    def store(self) -> Path:
        """Built artefacts by key."""
        return self.root / "store"

    @property
    def reports(self) -> Path:
        """Reports, one per hunt."""
        return self.root / "reports"

    @property
    def journal(self) -> Path:
        """The SQLite file of the journal."""
        return self.root / "journal.sqlite"

    @property
    def all_logs(self) -> Path:
        """One folder per hunt, see `logs`."""
        return self.root / "logs"

    def logs(self, key: str) -> Path:
        """Output of the builds and tests of one hunt."""
        return self.all_logs / key[:12]

    def logs_made(self, key: str) -> Path:
        """Like `logs`, but creates the folder; raises `EnvironmentFault` if that fails."""
        logs = self.logs(key)
        try:
            self._make_logs(key)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot write logs in {logs} ({error.strerror}); choose another `scratch`"
            ) from error
        return logs

    def _make_logs(self, key: str) -> None:
        make_private(self.all_logs)
        make_private(self.logs(key))

    @property
    def in_use(self) -> Path:
        """The lock that every user of this folder holds shared, and `bisector clean` exclusively."""
        return self.root / "in-use.lock"

    def lock(self, key: str) -> Path:
        """The lock of the hunt `key`; only the first 12 characters count."""
        return self.root / f"{key[:12]}.lock"

    def is_running(self, key: str) -> bool:
        """Whether a process holds the lock of the hunt `key`."""
        path = self.lock(key)
        if not path.exists():
            return False
        lock = try_lock(path)
        if lock is not None:
            lock.release()
        return lock is None

    @property
    def is_ours(self) -> bool:
        """Whether bisector has used this folder; `clean` deletes nothing in any other."""
        return any(path.exists() for path in (self.in_use, self.journal, self.slots, self.store / "entries"))

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Lock the hunt `key` for this process, after waiting for any `bisector clean`.

        Raises `EnvironmentFault` if another process holds the lock.
        """
        with ExitStack() as stack:
            with self._usable():
                stack.enter_context(lock_held(self.in_use, shared=True))
            stack.enter_context(self._held_alone(key))
            yield

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EnvironmentFault(
                f"the scratch folder {self.root} cannot be used ({error.strerror}); choose another `scratch`"
            ) from error

    @contextmanager
    def _held_alone(self, key: str) -> Iterator[None]:
        path = self.lock(key)
        with self._usable():
            self._make_logs(key)
            lock = try_lock(path)
            if lock is None:
                time.sleep(_GLANCE)
                lock = try_lock(path)
        if lock is None:
            raise EnvironmentFault(
                f"this hunt is already running in {holder(path)} (lock {path}); "
                "wait for it, or follow it with `bisector status --follow`"
            )
        try:
            # Written in place: replacing the file would lose the lock, which belongs to this file.
            with contextlib.suppress(OSError):
                path.write_text(f"{os.getpid()}\n")
            yield
        finally:
            with uninterrupted():
                lock.release()


def make_private(folder: Path) -> None:
    """Create a folder for the user alone: what tests printed may hold secrets.

    Folders that exist stay as they are, and those above get the permissions that the user's umask gives. So
    do slots and built artefacts, because a test may run programs as another user.
    """
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)


def holder(lock: Path) -> str:
    """The process that holds a hunt's lock, if the file says so."""
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(lock.read_text())}"
    return "another process"


def scratch_of(
    hunt: Hunt, hunt_file: Path | None, repository: Repository, environment: Mapping[str, str]
) -> Scratch:
    """The hunt's `scratch`, else `worktrees/` next to its hunt file, else a folder in the user's cache.

    A default is never inside the repository's work tree. Raises `EnvironmentFault` if the path of the user's
    cache is not absolute, or the folder is inside the git folder or is the work tree.
    """
    found = _chosen(hunt, hunt_file, repository, environment)
    root, tree = found.root.resolve(), repository.work_tree
    if root.is_relative_to(repository.git_folder):
        raise EnvironmentFault(
            f"the scratch folder {found.root} lies inside the git folder of the repository; choose another "
            "`scratch`"
        )
    if tree is not None and (root == tree or (hunt.scratch is None and root.is_relative_to(tree))):
        raise EnvironmentFault(
            f"the scratch folder {found.root} is in the work tree of the repository; choose another `scratch`"
        )
    return found


def _chosen(
    hunt: Hunt, hunt_file: Path | None, repository: Repository, environment: Mapping[str, str]
) -> Scratch:
    if hunt.scratch is not None:
        return Scratch(hunt.scratch)
    if hunt_file is not None:
        folder = hunt_file.resolve().parent
        beside = (folder.parent if folder.name == "configs" else folder) / "worktrees"
        installed = (beside.parent / "__init__.py").exists()  # a hunt file that came with the wheel
        users = repository.work_tree is not None and beside.is_relative_to(repository.work_tree)
        if not installed and not users:
            return Scratch(beside)
    return _in_cache(repository, environment)


def default_scratch(folder: Path, environment: Mapping[str, str]) -> Scratch:
    """The scratch folder for hunts started in `folder`, if none is named."""
    beside = Scratch(folder / "worktrees")
    return beside if beside.journal.exists() else _in_cache(Repository(folder), environment)


def _in_cache(repository: Repository, environment: Mapping[str, str]) -> Scratch:
    cache = Path(
        environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".cache"
    )
    if not cache.is_absolute():
        name = "XDG_CACHE_HOME" if environment.get("XDG_CACHE_HOME") else "HOME"
        raise EnvironmentFault(
            f"{name} is '{environment.get(name, '')}', which is not an absolute path, so there is no place "
            "for the scratch folder; set it to an absolute path, or choose another `scratch`"
        )
    which = hashlib.sha256(bytes(repository.git_folder)).hexdigest()[:8]
    return Scratch(cache / "bisector" / f"{repository.path.name}-{which}")
