"""`pyproject.toml`: the ranges of some packages as in another version of the file, the rest as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, MutableSequence
from typing import Any

import tomlkit
from packaging.utils import canonicalize_name

from bisector.ecosystems.by_file import in_order
from bisector.ecosystems.toml_manifest import Place, at, keys, merge_table, parsed

_LISTS: tuple[Place, ...] = (
    ("project", "dependencies"),
    ("tool", "uv", "dev-dependencies"),
    ("tool", "uv", "constraint-dependencies"),
    ("tool", "uv", "override-dependencies"),
)
_GROUPS: tuple[Place, ...] = (("project", "optional-dependencies"), ("dependency-groups",))
"""Tables whose values are lists of requirements."""
_TABLES: tuple[Place, ...] = (("tool", "poetry", "dependencies"), ("tool", "poetry", "dev-dependencies"))


def merged(path: str, before: bytes, after: bytes, moved: Collection[str]) -> bytes:
    """The file `before`, in which the requirements of the packages `moved` are those of `after`.

    Raises `LockFileFault` if one of them is no TOML.
    """
    old, new = parsed(path, before), parsed(path, after)
    changed = False
    for place in _list_places(old, new):
        changed |= _merge_list(at(old, place), at(new, place), moved)
    for place in _table_places(old, new):
        changed |= merge_table(at(old, place), at(new, place), moved, _name)
    return tomlkit.dumps(old).encode() if changed else before


def requirement_name(requirement: object) -> str:
    """The canonical name of a requirement; '' for another entry, such as a group that is included."""
    found = (
        re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement) if isinstance(requirement, str) else None
    )
    return canonicalize_name(found[1]) if found else ""


def _list_places(old: Any, new: Any) -> Iterator[Place]:
    yield from _LISTS
    for group in _GROUPS:
        yield from ((*group, name) for name in keys(group, old, new))


def _table_places(old: Any, new: Any) -> Iterator[Place]:
    yield from _TABLES
    group: Place = ("tool", "poetry", "group")
    for name in keys(group, old, new):
        yield (*group, name, "dependencies")


def _merge_list(old: Any, new: Any, moved: Collection[str]) -> bool:
    """Whether the old list was changed. A list that only one side has stays as it is."""
    if not isinstance(old, MutableSequence) or not isinstance(new, MutableSequence):
        return False
    texts, others = [str(one) for one in old], [str(one) for one in new]
    kept = [one for one in texts if requirement_name(one) not in moved]
    taken = [one for one in others if requirement_name(one) in moved]
    wanted = in_order(texts, others, {*kept, *taken}, _place)
    if wanted == texts:
        return False
    _make(old, wanted)
    return True


def _make(array: MutableSequence[Any], wanted: list[str]) -> None:
    """Change an array into another with as few edits as its layout and comments allow."""
    for index in reversed(range(len(array))):
        same_name = [one for one in wanted if requirement_name(one) == requirement_name(array[index])]
        if str(array[index]) in wanted:
            continue
        if len(same_name) == 1 and same_name[0] not in map(str, array):
            array[index] = same_name[0]
        else:
            del array[index]
    for index, one in enumerate(wanted):
        if one not in map(str, array):
            array.insert(index, one)


def _place(requirement: str) -> str:
    return requirement_name(requirement) or requirement


def _name(key: str, _value: object) -> str:
    return canonicalize_name(key)
