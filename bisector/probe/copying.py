"""Copies and hashes files; a copy shares the source's blocks if the file system supports it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_FICLONE = 0x40049409
"""ioctl_ficlone(2): the target shares the source's blocks until one of them is written."""
_BLOCK = 1024 * 1024
_ZEROS = bytes(_BLOCK)
_AT_ONCE = 1 << 30


def copy_bytes(source: Path, target: Path) -> None:
    """Copy `source` to `target`, holes included; never makes a hard link. Raises OSError."""
    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer, _FICLONE, reader.fileno())
            return
        except OSError:
            pass
        size = os.fstat(reader.fileno()).st_size
        for start, end in _extents(reader.fileno(), size):
            _copy(reader.fileno(), writer.fileno(), start, end)
        writer.truncate(size)


def digest_of(file: Path) -> str:
    """SHA-256 (hexadecimal) of a file's size and of each block that is not all zeros.

    Each block is hashed with its offset, so holes cost nothing and do not change the digest.
    """
    total = hashlib.sha256()
    with file.open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        total.update(size.to_bytes(8))
        done = 0
        for start, end in _extents(stream.fileno(), size):
            for place in range(max(done, start - start % _BLOCK), end, _BLOCK):
                block = os.pread(stream.fileno(), _BLOCK, place)
                if block != _ZEROS[: len(block)]:
                    total.update(place.to_bytes(8))
                    total.update(block)
                done = place + _BLOCK
    return total.hexdigest()


def _extents(handle: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and end offsets of each range of data; lseek(2), SEEK_HOLE."""
    end = 0
    while end < size:
        try:
            start = os.lseek(handle, end, os.SEEK_DATA)
            end = os.lseek(handle, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # Only a hole remains.
                return
            start, end = end, size
        yield start, end


def _copy(reader: int, writer: int, start: int, end: int) -> None:
    os.lseek(writer, start, os.SEEK_SET)
    while start < end:
        sent = os.sendfile(writer, reader, start, min(end - start, _AT_ONCE))
        if not sent:
            return
        start += sent
