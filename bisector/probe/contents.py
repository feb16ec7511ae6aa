"""Digests of files and folders outside the repository: names, modes and contents."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bisector.errors import EnvironmentFault

LARGEST = 64 * 1024 * 1024
"""Largest file in bytes that is read; a larger one counts by its size and modification time."""


def digest_of(path: Path) -> str:
    """The digest of a file, or of a folder and everything in it; `absent` if there is nothing.

    Follows a link at `path` itself; links inside a folder count as links. Raises `EnvironmentFault` if
    something cannot be read.
    """
    whole = hashlib.sha256()
    try:
        if not path.exists():
            return "absent"
        for name, file in _inside(path):
            whole.update(repr((name, _entry(file, follow=not name))).encode())
    except OSError as error:
        raise EnvironmentFault(f"cannot read {error.filename or path} ({error.strerror})") from error
    return whole.hexdigest()


def file_digest(path: Path) -> str:
    """The digest of a file's bytes; of a very large file its size and modification time."""
    facts = path.stat()
    if facts.st_size > LARGEST:
        return f"{facts.st_size} bytes, {facts.st_mtime_ns}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _inside(path: Path) -> Iterator[tuple[str, Path]]:
    """The path itself under the name '', then everything below it, sorted by name."""
    yield "", path
    if not path.is_dir():
        return
    for folder, folders, files in os.walk(path, onerror=_raise):
        folders.sort()
        for name in sorted([*folders, *files]):
            below = Path(folder, name)
            yield str(below.relative_to(path)), below


def _raise(error: OSError) -> None:
    raise error


def _entry(file: Path, *, follow: bool) -> tuple[str, int, str]:
    """Kind, mode and content."""
    mode = file.stat(follow_symlinks=follow).st_mode
    kind, bits = stat.filemode(mode)[0], stat.S_IMODE(mode)
    if stat.S_ISLNK(mode):
        return kind, 0, str(file.readlink())
    return kind, bits, file_digest(file) if stat.S_ISREG(mode) else ""
