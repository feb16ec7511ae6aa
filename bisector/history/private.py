"""The private repository: all that slots need of a user's, so that nothing in them leads back there.

It lies in the scratch folder and is shared by all hunts of it. Each slot has a small repository of its own,
which borrows the objects from here: what a test does to refs, configuration, stash or objects of its slot is
seen by no other slot, and is gone when the slot is laid out anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bisector.errors import InfrastructureFault
from bisector.history.objects import borrowed, bring, quoted
from bisector.history.repository import Repository
from bisector.history.settings import Settings, settings_of


class PrivateRepository:
    """What the folder `folder` holds of `repository`; made when it is first asked for something.

    Methods raise `InfrastructureFault` where the disk fails, `GitFailure` where git does.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.repository = repository
        self.folder = folder
        self.objects = folder / "objects"
        self._settings: Settings | None = None
        self._parts: dict[str, PrivateRepository] = {}
        self._reading = threading.Lock()

    def part(self, name: str, clone: Repository) -> PrivateRepository:
        """The same of the user's clone of a submodule."""
        with self._reading:
            which = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]
            return self._parts.setdefault(name, PrivateRepository(clone, self.folder / "modules" / which))

    def refresh(self) -> None:
        """Bring what the user's repository has now. Refs and configuration stay as they were in this hunt."""
        with self._reading:
            self._refresh()

    def write(self, git_folder: Path, commit: str, work_tree: str, *, shares: bool) -> None:
        """Make `git_folder` a repository that stands at `commit`.

        With `shares` what git adds there is added here; else it stays there. `work_tree` is the path from
        the git folder to a work tree that is not the folder around it, or ''.
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
                f"{git_folder} cannot be written ({error.strerror}); make room, or choose another `scratch`"
            ) from error

    @property
    def reads(self) -> list[Path]:
        """The folders that git in a slot reads besides its own."""
        return [self.folder.resolve(), self.repository.git_folder]

    def _refresh(self) -> Settings:
        # Refs first: each of them then leads to objects that are brought after it.
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
        """Git LFS looks for the files that a clone has not in `lfs` beside the objects that it borrows."""
        here, there = self.folder / "lfs", self.repository.git_folder / "lfs"
        if there.is_dir() and not here.is_symlink():
            here.symlink_to(there)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Other hunts may bring the same at the same time."""
        try:
            (self.objects / "pack").mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InfrastructureFault(
                f"no private repository can be made in {self.folder} ({error.strerror}); "
                "make room, or choose another `scratch`"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"{self.folder} cannot be written ({error.strerror}); make room, or choose another `scratch`"
            ) from error
        finally:
            os.close(handle)


def private_repositories(root: Path) -> Path:
    """Where the private repositories lie that slots in `root` borrow from."""
    return root.with_name("repositories")


def private_in(folder: Path, repository: Repository) -> PrivateRepository:
    """The private repository of `repository` among those of the folder."""
    which = hashlib.sha256(bytes(repository.git_folder)).hexdigest()[:16]
    return PrivateRepository(repository, folder.absolute() / which)


def stand_at(git_folder: Path, commit: str) -> None:
    """Have a repository's HEAD name `commit`. Raises OSError."""
    (git_folder / "HEAD").write_text(f"{commit}\n")
