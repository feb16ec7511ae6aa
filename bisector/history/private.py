"""The private repository: everything that slots need from the user's, so that nothing in a slot leads there.

It lies in the scratch folder and all hunts share it. Each slot has its own small repository that borrows
objects from here. No other slot sees what a test does to refs, configuration, stash or objects, and the next
checkout in the slot undoes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history import transport
from bisector.history.objects import borrowed, bring, quoted
from bisector.history.removal import take_away
from bisector.history.repository import Repository
from bisector.history.settings import Settings, settings_of


class PrivateRepository:
    """The private copy of `repository` in `folder`, created on first use.

    Methods raise `InfrastructureFault` if the disk fails, `GitFailure` if git fails.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.repository = repository
        self.folder = folder
        self.objects = folder / "objects"
        self._settings: Settings | None = None
        self._parts: dict[str, PrivateRepository] = {}
        self._reading = threading.Lock()

    def part(self, name: str, clone: Repository) -> PrivateRepository:
        """The private repository for the user's clone of a submodule."""
        with self._reading:
            known = self._parts.get(name)
            if known is None or known.repository.git_folder != clone.git_folder:
                which = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]
                self._parts[name] = PrivateRepository(clone, self.folder / "modules" / which)
            return self._parts[name]

    def fetched(self, name: str, url: str, wanted: Sequence[str]) -> Path:
        """A clone of the submodule `name` of our own, with all that its URL has and these commits.

        Raises `EnvironmentFault` if the URL cannot be reached or does not give a commit.
        """
        which = hashlib.sha256(f"{name} {url}".encode(errors="surrogateescape")).hexdigest()[:16]
        place = self.folder / "fetched" / which
        with self._reading, self._locked():
            if (place / "HEAD").exists():
                transport.fetch(Repository(place))
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                half = place.with_name(f"half-{which}")
                take_away(half)
                transport.clone(url, half)
                half.rename(place)
            own = Repository(place)
            for commit in wanted:
                if not own.has(commit):
                    transport.fetch(own, commit)
        return place

    def refresh(self) -> None:
        """Copy new objects of the user's repository. Refs and configuration stay the same within a hunt."""
        with self._reading:
            self._refresh()

    def write(self, git_folder: Path, commit: str, work_tree: str, *, shares: bool) -> None:
        """Make `git_folder` a repository whose HEAD is `commit`.

        With `shares`, git adds new objects here; otherwise they stay in `git_folder`. `work_tree` is its work
        tree if that is not the parent folder, else ''.
        """
        with self._reading:
            settings = self._settings or self._refresh()
        more = [("core.bare", "false"), *([("core.worktree", work_tree)] if work_tree else [])]
        try:
            (git_folder / "refs").mkdir(parents=True, exist_ok=True)
            settings.write(git_folder, more)
            if shares:
                (git_folder / "objects").symlink_to(self.objects)
            else:
                (git_folder / "objects/info").mkdir(parents=True)
                (git_folder / "objects/info/alternates").write_bytes(quoted(self.objects) + b"\n")
            stand_at(git_folder, commit)
        except OSError as error:
            raise InfrastructureFault(
                f"cannot write {git_folder} ({error.strerror}); free some space or choose another `scratch`"
            ) from error

    @property
    def reads(self) -> list[Path]:
        """The folders that git in a slot reads besides its own."""
        return [self.folder.resolve(), self.repository.git_folder]

    def _refresh(self) -> Settings:
        # Read refs first, so that the objects copied afterwards include theirs.
        settings = self._settings or settings_of(self.repository)
        with self._locked():
            source = self.repository.git_folder / "objects"
            bring(source, self.objects)
            self._write_alternates(source)
            self._find_large_files()
        self._settings = settings
        self.repository.borrow(self.objects, os.fsdecode(quoted(source)))
        return settings

    def _write_alternates(self, source: Path) -> None:
        lines = borrowed(source)
        file = self.objects / "info/alternates"
        if lines:
            file.parent.mkdir(parents=True, exist_ok=True)
            half = file.with_name("tmp_alternates")
            half.write_bytes(b"".join(line + b"\n" for line in lines))
            half.replace(file)
        else:
            file.unlink(missing_ok=True)

    def _find_large_files(self) -> None:
        """Link the user's `lfs` folder: Git LFS looks for missing files beside borrowed objects."""
        here, there = self.folder / "lfs", self.repository.git_folder / "lfs"
        if there.is_dir() and not here.is_symlink():
            here.symlink_to(there)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude other hunts, which may copy at the same time."""
        try:
            (self.objects / "pack").mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InfrastructureFault(
                f"cannot create a private repository in {self.folder} ({error.strerror}); "
                "free some space or choose another `scratch`"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"cannot write {self.folder} ({error.strerror}); free some space or choose another `scratch`"
            ) from error
        finally:
            os.close(handle)


def private_repositories(root: Path) -> Path:
    """The folder of the private repositories from which slots in `root` borrow."""
    return root.with_name("repositories")


def private_in(folder: Path, repository: Repository) -> PrivateRepository:
    """The private repository of `repository` below `folder`."""
    which = hashlib.sha256(bytes(repository.git_folder)).hexdigest()[:16]
    return PrivateRepository(repository, folder.absolute() / which)


def stand_at(git_folder: Path, commit: str) -> None:
    """Set a repository's HEAD to `commit`. Raises OSError."""
    (git_folder / "HEAD").write_text(f"{commit}\n")
