"""Built artefacts, kept by what they were built from, so that no commit is built twice."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bisector.errors import InfrastructureFault

_MANIFEST = "manifest.json"


class ArtefactStore:
    """A folder of built outputs, one entry a build key.

    Entries appear whole or not at all (written beside and renamed), so two hunts may share a store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, key: str, slot: Path, outputs: Sequence[str]) -> str:
        """Copy `outputs` (files or folders in the slot) into the entry `key`; the digest of their bytes.

        Raises `InfrastructureFault` where the disk is full or not writable.
        """
        digest = digest_of(slot, outputs)
        entry = self.root / key
        if entry.exists():
            return digest
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            half = Path(tempfile.mkdtemp(prefix=".half-", dir=self.root))
            for at, output in enumerate(outputs):
                _copy(slot / output, half / str(at))
            (half / _MANIFEST).write_text(json.dumps({"outputs": list(outputs), "digest": digest}))
            _rename_if_first(half, entry)
        except OSError as error:
            raise InfrastructureFault(
                f"built artefacts cannot be kept in {self.root}: {error.strerror or error}; "
                "make room, or choose another `scratch`"
            ) from error
        return digest

    def restore(self, key: str, slot: Path, outputs: Sequence[str]) -> str | None:
        """Put the outputs of entry `key` into the slot; their digest, or None where there is none."""
        entry = self.root / key
        try:
            manifest = json.loads((entry / _MANIFEST).read_text())
        except (OSError, ValueError):
            return None
        if manifest["outputs"] != list(outputs):
            return None
        for at, output in enumerate(outputs):
            target = slot / output
            _remove(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(entry / str(at), target)
        return str(manifest["digest"])


def digest_of(slot: Path, outputs: Sequence[str]) -> str:
    """SHA-256 over the names and bytes of `outputs`; a missing output raises FileNotFoundError."""
    total = hashlib.sha256()
    for output in outputs:
        root = slot / output
        files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
        for file in files:
            total.update(str(file.relative_to(slot)).encode(errors="surrogateescape") + b"\0")
            with file.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _rename_if_first(half: Path, entry: Path) -> None:
    try:
        half.rename(entry)
    except OSError:
        if not entry.exists():
            raise
        shutil.rmtree(half)
