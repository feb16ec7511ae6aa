"""Where a hunt keeps what is not the user's: slots, built artefacts, logs, reports and the journal."""

from __future__ import annotations

import contextlib
import hashlib
import os
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


@dataclass(frozen=True, slots=True)
class Scratch:
    """The scratch folder `root` and what lies in it."""

    root: Path

    @property
    def slots(self) -> Path:
        """Scratch worktrees in use; gone between hunts."""
        return self.root / "slots"

    @property
    def repositories(self) -> Path:
        """The private repositories that slots borrow from."""
        return private_repositories(self.slots)

    @property
    def store(self) -> Path:
        """Built artefacts by key."""
        return self.root / "store"

    @property
    def reports(self) -> Path:
        """Reports, one a hunt."""
        return self.root / "reports"

    @property
    def journal(self) -> Path:
        """The SQLite file of the journal."""
        return self.root / "journal.sqlite"

    @property
    def all_logs(self) -> Path:
        """A folder a hunt, see `logs`."""
        return self.root / "logs"

    def logs(self, key: str) -> Path:
        """Output of the builds and tests of one hunt."""
        return self.all_logs / key[:12]

    def logs_made(self, key: str) -> Path:
        """The same, made where it is missing; `EnvironmentFault` where it cannot be."""
        logs = self.logs(key)
        try:
            logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(
                f"no logs can be written in {logs} ({error.strerror}); choose another `scratch`"
            ) from error
        return logs

    @property
    def in_use(self) -> Path:
        """The lock that everyone at work here holds shared, and `bisector clean` alone."""
        return self.root / "in-use.lock"

    def lock(self, key: str) -> Path:
        """The lock of the hunt `key`; of a longer key its beginning counts."""
        return self.root / f"{key[:12]}.lock"

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold the hunt `key` for this process, once a `bisector clean` is over.

        `EnvironmentFault` where another process holds it already.
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
            self.logs(key).mkdir(parents=True, exist_ok=True)
            lock = try_lock(path)
        if lock is None:
            raise EnvironmentFault(
                f"this hunt is already running in {holder(path)} (lock {path}); "
                "wait for it, or follow it with `bisector status`"
            )
        try:
            # Not through a file of its own name that is put in its place: the lock is this file's.
            with contextlib.suppress(OSError):
                path.write_text(f"{os.getpid()}\n")
            yield
        finally:
            with uninterrupted():
                lock.release()


def holder(lock: Path) -> str:
    """The process that holds a hunt's lock, as far as the file tells."""
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(lock.read_text())}"
    return "another process"


def scratch_of(
    hunt: Hunt, hunt_file: Path | None, repository: Repository, environment: Mapping[str, str]
) -> Scratch:
    """The hunt's own scratch folder, else `worktrees/` beside its hunt file, else one in the user's cache.

    A default never lies in the work tree of the repository, which is the user's. Raises `EnvironmentFault`
    where the user's cache is at no absolute path.
    """
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
    """Where hunts started in `folder` are to be found when none is named."""
    beside = Scratch(folder / "worktrees")
    return beside if beside.journal.exists() else _in_cache(Repository(folder), environment)


def _in_cache(repository: Repository, environment: Mapping[str, str]) -> Scratch:
    cache = Path(
        environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".cache"
    )
    if not cache.is_absolute():
        name = "XDG_CACHE_HOME" if environment.get("XDG_CACHE_HOME") else "HOME"
        raise EnvironmentFault(
            f"{name} is '{environment.get(name, '')}', which is no absolute path, so there is no place for "
            "the scratch folder; set it, or choose another `scratch`"
        )
    which = hashlib.sha256(bytes(repository.git_folder)).hexdigest()[:8]
    return Scratch(cache / "bisector" / f"{repository.path.name}-{which}")
