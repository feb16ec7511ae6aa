"""Covers a set of files by few folders and files.

A cover costs one per entry and one per unwanted file in it; the cheapest is chosen for each folder,
bottom-up. So a folder replaces its files if most of them are wanted, and a folder with few wanted files is
not included because of its neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import inf


@dataclass
class _Folder:
    folders: dict[str, _Folder] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Cover:
    entries: tuple[str, ...]
    cost: float
    unwanted: float
    """The number of unwanted files; infinite if one of them must be excluded."""
    is_folder: bool = False
    """Whether it is a single folder."""


def cover(
    wanted: Collection[str], files: Iterable[str], never: Collection[str] = frozenset()
) -> tuple[str, ...]:
    """The sorted entries that cover all `wanted` of the `files` and none of `never` (relative paths).

    The top itself is never an entry, only its folders and files.
    """
    root = _Folder()
    out = frozenset(never) - frozenset(wanted)
    for path in sorted({*files, *wanted, *out}):
        *folders, _ = path.split("/")
        at = root
        for name in folders:
            at = at.folders.setdefault(name, _Folder())
        at.files.append(path)
    return tuple(sorted(_covered(root, "", frozenset(wanted), out).entries))


def _covered(folder: _Folder, path: str, wanted: frozenset[str], never: frozenset[str]) -> _Cover:
    parts = [_covered(inner, f"{path}{name}/", wanted, never) for name, inner in folder.folders.items()]
    for file in folder.files:
        one = _Cover((file,), 1, 0) if file in wanted else _Cover((), 0, inf if file in never else 1)
        parts.append(one)
    only = [part for part in parts if part.entries]
    within = len(only) == 1 and only[0].is_folder
    entries = tuple(entry for part in only for entry in part.entries)
    cost, unwanted = sum(part.cost for part in parts), sum(part.unwanted for part in parts)
    whole = 1 + unwanted
    if path and only and (whole < cost or (whole == cost and not within)):
        return _Cover((path.rstrip("/"),), whole, unwanted, is_folder=True)
    return _Cover(entries, cost, unwanted, is_folder=within)
