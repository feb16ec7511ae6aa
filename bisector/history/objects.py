"""Objects of a user's repository, brought to where `git gc` in that repository does not reach them.

Large packs are hard-linked: that takes no time and no room, and a pack is never written to. All else, and
what cannot be linked (another disk, another owner), is copied. A file that git is about to finish is left
out; pack indexes come last, since a pack is there for git as soon as its index is.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bisector.errors import InfrastructureFault

LARGE = 16 * 1024 * 1024
"""Bytes from which on a file is linked. Git renews the time of a pack when somebody adds what is in it, and
a link shares its time with the user's own."""

_TRIES = 5
_LOOSE = re.compile(r"[0-9a-f]{38}(?:[0-9a-f]{24})?")
_PACKED = (".promisor", ".pack", ".rev", ".idx")


def bring(source: Path, target: Path) -> None:
    """Have all objects of the folder `source` in `target`, too; what is there and the same stays.

    Raises `InfrastructureFault` where they cannot be read or written. One caller at a time.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            # A `git gc` first packs and then removes what it has packed, so loose objects come first here.
            for path in (*_loose(source), *_packs(source), *_graphs(source)):
                _bring(source / path, target / path)
            return
        except FileNotFoundError as error:
            if attempt == _TRIES:
                raise _failed(source, error) from error
        except OSError as error:
            raise _failed(source, error) from error


def quoted(path: Path) -> bytes:
    """A folder of objects as `info/alternates` names it, whatever bytes it has (gitrepository-layout(5))."""
    escaped = re.sub(rb"[\x00-\x1f\"\\\x7f-\xff]", lambda found: b"\\%03o" % found[0][0], bytes(path))
    return b'"' + escaped + b'"'


def borrowed(objects: Path) -> list[bytes]:
    """The lines of `info/alternates` that lead from another place to what `objects` borrows."""
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
    """Commit graphs, without which `git describe` takes long in a long history."""
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
    # Git takes no file of such a name for an object, should we be killed here.
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
        f"the objects of {source} cannot be brought into the scratch folder ({error.strerror}: "
        f"{error.filename}); make room there, and have the permissions mended, or choose another `scratch`"
    )
