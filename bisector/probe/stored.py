"""A build in the store: an entry as JSON with a checksum."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 4
"""The format of entries; an entry of another format is rebuilt."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, folder or symbolic link of an entry: `path` relative to the slot, `time` in nanoseconds.

    A file's bytes are the object `digest`; `checked` is the ctime of that object when it was last verified.
    `twin` is another file of this entry that it is a hard link to. `link` is the target of a symbolic link,
    relative to the slot if `in_slot`.
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
    """A build in the store: `outputs` as in the hunt file, and `files` with all their contents.

    `beside` are the paths of undeclared files of the build, also beside the slot (`../build/app`). `others`
    are these files if stored, else empty.
    """

    outputs: tuple[str, ...]
    files: tuple[StoredFile, ...]
    beside: tuple[str, ...] = ()
    others: tuple[StoredFile, ...] = ()
    place: str = ""
    """The slot whose path a text file of the outputs contains, such as a script; '' for none."""

    @property
    def is_all(self) -> bool:
        """Whether the store has all files that the build created."""
        return not self.beside or bool(self.others)

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of names, modes and bytes."""
        total = hashlib.sha256()
        for file in self.files:
            parts = (file.path, file.kind, f"{file.mode:o}", file.digest, file.link, str(file.in_slot))
            total.update(b"\0".join(map(os.fsencode, parts)) + b"\0")
        return total.hexdigest()

    def to_json(self) -> bytes:
        """The entry as JSON, with its format and a checksum."""
        content = {
            "outputs": list(self.outputs),
            "files": [asdict(file) for file in self.files],
            "beside": list(self.beside),
            "others": [asdict(file) for file in self.others],
            "place": self.place,
        }
        return json.dumps({"format": FORMAT, "checksum": _checksum(content), **content}).encode()


def entry_from_json(text: bytes) -> Entry | None:
    """Parse the output of `Entry.to_json`; None for any other text."""
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != FORMAT or content.pop("checksum") != _checksum(content):
            return None
        outputs, beside = tuple(content["outputs"]), tuple(content["beside"])
        return Entry(outputs, _files(content["files"]), beside, _files(content["others"]), content["place"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _files(documents: Sequence[dict[str, Any]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**document) for document in documents)


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
