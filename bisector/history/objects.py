"""Copies objects of the user's repository to where `git gc` cannot delete them.

Large packs are hard-linked, which costs no time or space, since git never modifies a pack. Everything else,
and packs that cannot be linked (other disk, other owner), is copied. Unfinished files are skipped. Pack
indexes come last, because git uses a pack as soon as its index exists.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bisector.errors import InfrastructureFault

LARGE = 16 * 1024 * 1024
"""Size in bytes from which files are linked. Git updates the mtime of a pack when its objects are added
again, and a link shares the mtime with the user's pack."""

_TRIES = 5
_LOOSE = re.compile(r"[0-9a-f]{38}(?:[0-9a-f]{24})?")
_PACKED = (".promisor", ".pack", ".rev", ".idx")


def bring(source: Path, target: Path) -> None:
    """Copy all objects of the folder `source` to `target`, except files that are already there.

    Raises `InfrastructureFault` if they cannot be read or written. Not for concurrent callers.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            # `git gc` packs loose objects before it removes them, so copy them first.
            for path in (*_loose(source), *_packs(source), *_graphs(source)):
                _bring(source / path, target / path)
            return
        except FileNotFoundError as error:
            if attempt == _TRIES:
                raise _failed(source, error) from error
        except OSError as error:
            raise _failed(source, error) from error


def quoted(path: Path) -> bytes:
    """An object folder quoted for `info/alternates`, with any bytes (gitrepository-layout(5))."""
    escaped = re.sub(rb"[\x00-\x1f\"\\\x7f-\xff]", lambda found: b"\\%03o" % found[0][0], bytes(path))
    return b'"' + escaped + b'"'


def borrowed(objects: Path) -> list[bytes]:
    """The lines of the `info/alternates` of `objects`, valid from any other folder."""
    try:
        lines = (objects / "info/alternates").read_bytes().splitlines()
    except OSError:
        return []
    named = (line for line in lines if line and not line.startswith(b"#"))
    return [
        line if line.startswith(b'"') else quoted((objects / os.fsdecode(line)).resolve()) for line in named
    ]


def _loose(source: Path) -> Iterator[str]:
    for first in range(256):
        folder = f"{first:02x}"
        for name in _names(source / folder):
            if _LOOSE.fullmatch(name):
                yield f"{folder}/{name}"


def _packs(source: Path) -> Iterator[str]:
    names = [name for name in _names(source / "pack") if name.startswith("pack-")]
    for suffix in _PACKED:
        yield from (f"pack/{name}" for name in names if name.endswith(suffix))


def _graphs(source: Path) -> Iterator[str]:
    """Commit graphs, without which `git describe` is slow in a long history."""
    chain = "info/commit-graphs"
    names = sorted(_names(source / chain), key=lambda name: name == "commit-graph-chain")
    yield from (f"{chain}/{name}" for name in names if not name.startswith("tmp_"))
    if (source / "info/commit-graph").exists():
        yield "info/commit-graph"


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _bring(source: Path, target: Path) -> None:
    there = source.stat()
    try:
        here = target.stat()
        if (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns):
            return
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    # If we are killed here, git ignores a file of this name.
    half = target.with_name(f"tmp_{target.name}")
    half.unlink(missing_ok=True)
    if there.st_size < LARGE or not _linked(source, half):
        shutil.copyfile(source, half)
        half.chmod(0o444)
        os.utime(half, ns=(there.st_atime_ns, there.st_mtime_ns))
    half.replace(target)


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _failed(source: Path, error: OSError) -> InfrastructureFault:
    return InfrastructureFault(
        f"cannot copy the objects of {source} to the scratch folder ({error.strerror}: "
        f"{error.filename}); free some space, fix the permissions, or choose another `scratch`"
    )
