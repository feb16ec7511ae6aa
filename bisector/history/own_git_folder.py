"""A git folder for one task, such as a merge: with its own HEAD and index, and shared objects."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bisector.history.private import PrivateRepository

_OWN = "stand-ins-"


@contextmanager
def own_git_folder(private: PrivateRepository, commit: str) -> Iterator[Path]:
    """A git folder at `commit` that writes new objects to the private repository, but has its own refs."""
    _remove_leftovers(private.folder)
    folder = Path(tempfile.mkdtemp(prefix=f"{_OWN}{os.getpid()}-", dir=private.folder))
    try:
        private.write(folder, commit, "", shares=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(within: Path) -> None:
    """Remove the git folders of processes that were killed."""
    for path in within.glob(f"{_OWN}*"):
        process = path.name.removeprefix(_OWN).partition("-")[0]
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:
            continue
