"""What the store knows of a build: an entry, as JSON that tells whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 3
"""Of entries; one of another format is made anew."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, folder or symbolic link of an entry: `path` from the slot's top, time in nanoseconds.

    A file's bytes are the object `digest`; `checked` is when that object's inode last changed, as it was
    found to be whole. `twin` is the file of this entry that it is a hard link to. A link says `link`, below
    the slot itself where `in_slot`.
    """

    path: str
    kind: str
    mode: int = 0
    time: int = 0
    size: int = 0
    digest: str = ""
    checked: int = 0
    twin: str = ""
    link: str = ""
    in_slot: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A build in the store: `outputs` as the hunt file names them, `files` with all that they hold.

    `beside` are the paths that the build has left beside them, also beside the slot (`../build/app`).
    `others` are these as the store has them, empty where it has not.
    """

    outputs: tuple[str, ...]
    files: tuple[StoredFile, ...]
    beside: tuple[str, ...] = ()
    others: tuple[StoredFile, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether the store has all that the build has made."""
        return not self.beside or bool(self.others)

    @property
    def digest(self) -> str:
        """SHA-256 over names, modes and bytes, in hexadecimal digits."""
        total = hashlib.sha256()
        for file in self.files:
            parts = (file.path, file.kind, f"{file.mode:o}", file.digest, file.link, str(file.in_slot))
            total.update(b"\0".join(map(os.fsencode, parts)) + b"\0")
        return total.hexdigest()

    def to_json(self) -> bytes:
        """The entry with its format and a checksum."""
        content = {
            "outputs": list(self.outputs),
            "files": [asdict(file) for file in self.files],
            "beside": list(self.beside),
            "others": [asdict(file) for file in self.others],
        }
        return json.dumps({"format": FORMAT, "checksum": _checksum(content), **content}).encode()


def entry_from_json(text: bytes) -> Entry | None:
    """The entry that `Entry.to_json` wrote; None for any other text."""
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != FORMAT or content.pop("checksum") != _checksum(content):
            return None
        outputs, beside = tuple(content["outputs"]), tuple(content["beside"])
        return Entry(outputs, _files(content["files"]), beside, _files(content["others"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _files(documents: Sequence[dict[str, Any]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**document) for document in documents)


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
