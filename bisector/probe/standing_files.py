"""What was restored to a slot and still stands there unchanged, so that it is not restored again."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bisector.probe.globs import matcher
from bisector.probe.output_files import opened_to_owner, remove
from bisector.probe.walking import Entry, entry_of, walk


@dataclass(frozen=True, slots=True)
class _Standing:
    """The `keys` of what was restored, the digest of its contents, and the state of each file."""

    keys: tuple[str, ...]
    digest: str
    files: Mapping[str, Entry]


class StandingFiles:
    """The files and folders `paths` of slots; files that match a glob in `spared` belong to the tests."""

    def __init__(self, paths: Sequence[str], spared: Sequence[str] = ()) -> None:
        self._paths = paths
        self._is_spared = matcher(spared)
        self._slots: dict[Path, _Standing] = {}

    def stand(self, slot: Path, keys: tuple[str, ...], digest: str) -> None:
        """Record that `keys` have just been restored to the slot."""
        self._slots[slot] = _Standing(keys, digest, self._state(slot))

    def forget(self, slot: Path) -> None:
        """Forget what stands in the slot."""
        self._slots.pop(slot, None)

    def digest(self, slot: Path) -> str:
        """The digest of what was restored to the slot; '' for nothing."""
        return self._slots[slot].digest if slot in self._slots else ""

    def is_whole(self, slot: Path, keys: tuple[str, ...]) -> bool:
        """Whether the slot has what was restored for `keys`; removes what builds and tests added to it.

        Nothing is as good as no `keys`.
        """
        if not keys:
            return True
        standing = self._slots.get(slot)
        if standing is None or standing.keys != keys:
            return False
        now = self._state(slot)
        differing = self._differing(standing, now)
        added = sorted(differing - standing.files.keys())
        folders = sorted(differing - set(added), reverse=True)
        if not all(_is_folder(standing.files[path]) and _is_folder(now.get(path)) for path in folders):
            return False
        try:
            for path in reversed(added):
                _take_away(slot / path)
            for path in sorted({*folders, *(str(Path(path).parent) for path in added)}, reverse=True):
                if path in standing.files:
                    _reset(slot / path, standing.files[path])
        except OSError:
            return False  # Restoring it reports what is wrong.
        return True

    def changed(self, slot: Path) -> list[str]:
        """The files, links and empty folders that were changed, added or removed since, sorted."""
        standing = self._slots.get(slot)
        if standing is None:
            return []
        now = self._state(slot)
        above = {str(folder) for path in now for folder in Path(path).parents}
        return sorted(
            path
            for path in self._differing(standing, now)
            if not _is_folder(now.get(path, standing.files.get(path)))
            or (path in now and path not in standing.files and path not in above)
        )

    def _differing(self, standing: _Standing, now: Mapping[str, Entry]) -> set[str]:
        return {path for path, _ in standing.files.items() ^ now.items() if not self._is_spared(path)}

    def _state(self, slot: Path) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for path in self._paths:
            try:
                found[path] = entry_of(slot / path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if _is_folder(found[path]):
                below = walk(slot / path, ())
                found |= {f"{path}/{name}": entry for name, entry in below.items() if name != "."}
        return found


def _is_folder(entry: Entry | None) -> bool:
    return entry is not None and stat.S_ISDIR(entry[0])


def _take_away(path: Path) -> None:
    """Remove a file, a link, or a folder unless something spared is in it."""
    if path.is_symlink() or not path.is_dir():
        remove(path)
    elif not any(path.iterdir()):
        with opened_to_owner(path.parent):
            path.rmdir()


def _reset(folder: Path, entry: Entry) -> None:
    """Give a folder the mode and the time that it had."""
    folder.chmod(stat.S_IMODE(entry[0]))
    os.utime(folder, ns=(entry[3], entry[3]))
