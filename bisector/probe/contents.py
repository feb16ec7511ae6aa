"""Digests of files and folders that are not the repository's: names, modes and contents."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bisector.errors import EnvironmentFault

LARGEST = 64 * 1024 * 1024
"""Bytes of a single file that are read; a larger one counts by its size and the time of its last change."""


def digest_of(path: Path) -> str:
    """What a file, or a folder with all that lies in it, holds; `absent` where there is nothing.

    A link at `path` itself is followed, links inside a folder count as links. Raises `EnvironmentFault` for
    what cannot be read.
    """
    whole = hashlib.sha256()
    try:
        if not path.exists():
            return "absent"
        for name, file in _inside(path):
            whole.update(repr((name, _entry(file, follow=not name))).encode())
    except OSError as error:
        raise EnvironmentFault(f"{error.filename or path} cannot be read ({error.strerror})") from error
    return whole.hexdigest()


def file_digest(path: Path) -> str:
    """The bytes of a file; its size and the time of its last change where it is very large."""
    facts = path.stat()
    if facts.st_size > LARGEST:
        return f"{facts.st_size} bytes, {facts.st_mtime_ns}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _inside(path: Path) -> Iterator[tuple[str, Path]]:
    """The path itself under the name '', then all below it in the order of their names."""
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
