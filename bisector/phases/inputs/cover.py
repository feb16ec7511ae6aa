"""Files covered by few folders and files.

A cover costs one for each of its entries and one for each file in it that was not wanted; the cheapest is
taken, folder by folder from the leaves up. So a folder stands for its files where most of them are wanted,
and a folder in which little is wanted is not drawn in by its neighbours.
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
    """Files that were not wanted; infinitely many where one of them must stay out."""
    is_folder: bool = False
    """Whether it is one entry, a folder."""


def cover(
    wanted: Collection[str], files: Iterable[str], never: Collection[str] = frozenset()
) -> tuple[str, ...]:
    """The entries, sorted, that cover all `wanted` of the `files` and none of `never` (relative paths).

    The top itself is no entry: where it all is wanted, its folders and files are.
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
