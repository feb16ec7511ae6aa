"""What a cluster worker needs to know about a hunt, including the files next to the hunt file."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import bisector
from bisector.errors import EnvironmentFault, InfrastructureFault, UsageError
from bisector.hunt_file import Hunt, Place
from bisector.hunt_file.origin import KeyPath, Mark, Origin
from bisector.hunt_file.overlay import Patch
from bisector.predicate import Predicate
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.turned import turned

_PLUG_IN = re.compile(r"(?P<path>[^\0]+\.py)(?P<name>:\w+)?")


@dataclass(frozen=True, slots=True)
class Shipment:
    """A hunt as it is sent to the workers.

    `document` is the hunt as JSON values, in which files next to the hunt file have their names in the tar
    archive `files`. `ends` has the ids of `good`, `bad` and all revisions that the overlay names.
    """

    key: str
    version: str
    document: Mapping[str, Any]
    marks: Mapping[KeyPath, Mark]
    file: str
    files: bytes
    ends: Mapping[str, str]
    full_run: bool
    fair_attempts: int

    @property
    def digest(self) -> str:
        """A short digest of the files."""
        return hashlib.sha256(self.files).hexdigest()[:16]

    def unpack_files(self, root: Path) -> Path:
        """Unpack the files once, into a folder below `root`; raises `InfrastructureFault` if that fails."""
        folder = root / self.digest
        if folder.is_dir():
            return folder
        try:
            root.mkdir(parents=True, exist_ok=True)
            half = Path(tempfile.mkdtemp(prefix=".half-", dir=root))
            with tarfile.open(fileobj=io.BytesIO(self.files)) as tar:
                tar.extractall(half, filter="tar")
            rename_if_first(half, folder)
        except OSError as error:
            raise InfrastructureFault(f"cannot write the hunt's files to {root}: {error}") from error
        return folder

    def hunt(self, files: Path) -> Hunt:
        """The hunt on the worker, with its files below `files`."""
        hunt = Hunt.model_validate(self.document, context={"base": files})
        return hunt.written_at(Origin(str(files / self.file), self.marks))

    def predicate(self, hunt: Hunt, files: Path) -> Predicate[Any]:
        """The predicate of the hunt; raises `EnvironmentFault` if this machine cannot load it."""
        try:
            kind = find_predicate(hunt.predicate.name, files)
            options = kind.Options.model_validate(hunt.predicate.options, context=options_context(files))
            return turned(kind(options)) if hunt.kinds.better else kind(options)
        except (UsageError, ValidationError) as error:
            raise EnvironmentFault(
                f"cannot load the predicate here ({error}); install on the workers what it needs"
            ) from error


def ship(
    hunt: Hunt, base: Path, key: str, ends: Mapping[str, str], *, full_run: bool, fair_attempts: int
) -> Shipment:
    """Everything that workers need for the hunt `key` except commits; plug-in paths are relative to `base`.

    Raises `EnvironmentFault` if a file that the hunt names is missing.
    """
    document = hunt.model_dump(mode="json")
    found: dict[Path, str] = {}
    for change, entry in zip(hunt.overlay, document["overlay"], strict=True):
        if isinstance(change, Place):
            entry["file"] = _shipped(change.file, found)
        elif isinstance(change, Patch):
            entry["patch"] = _shipped(change.patch, found)
    document["predicate"] = _with_plug_ins_shipped(document["predicate"], base, found)
    origin = hunt.origin
    name = Path(origin.file).name if origin.file else "hunt.yaml"
    version = bisector.__version__
    archive = _archive(found)
    return Shipment(key, version, document, origin.marks, name, archive, ends, full_run, fair_attempts)


def rename_if_first(half: Path, whole: Path) -> None:
    """Rename a finished folder, unless another process has already created the same one."""
    try:
        half.rename(whole)
    except OSError:
        if not whole.is_dir():
            raise
        shutil.rmtree(half, ignore_errors=True)


def _shipped(path: Path, found: dict[Path, str]) -> str:
    """The name in the archive of a file or folder; adds it to `found`."""
    if not path.exists():
        raise EnvironmentFault(f"the overlay uses {path}, which does not exist; correct the overlay")
    return found.setdefault(path, f"{len(found)}/{path.name}")


def _with_plug_ins_shipped(value: Any, base: Path, found: dict[Path, str]) -> Any:
    """The predicate section with plug-in files replaced by their names in the archive, also nested ones."""
    if isinstance(value, Mapping):
        return {key: _with_plug_ins_shipped(part, base, found) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_plug_ins_shipped(part, base, found) for part in value]
    if isinstance(value, str) and (match := _PLUG_IN.fullmatch(value)):
        path = base / Path(match["path"]).expanduser()
        if path.is_file():
            return _shipped(path, found) + (match["name"] or "")
    return value


def _archive(found: Mapping[Path, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for path, name in found.items():
            tar.add(path, arcname=name)
    return file.getvalue()
