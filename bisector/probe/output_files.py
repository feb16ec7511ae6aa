"""The files that a build makes."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path


def files_of(slot: Path, outputs: Sequence[str]) -> list[Path]:
    """The files and symbolic links of `outputs`, sorted; FileNotFoundError where an output is not there."""
    found: list[Path] = []
    for output in outputs:
        path = slot / output
        if path.is_dir() and not path.is_symlink():
            found += [p for p in path.rglob("*") if p.is_symlink() or p.is_file()]
        else:
            path.lstat()
            found.append(path)
    return sorted(found)


def sha256_of(file: Path) -> str:
    """Of its bytes, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Take a file, a link or a folder away, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
