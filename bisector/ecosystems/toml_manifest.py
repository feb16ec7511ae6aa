"""Manifests that are TOML, edited so that comments and layout stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bisector.ecosystems.contract import LockFileFault, text_of

Place = tuple[str, ...]


def parsed(path: str, content: bytes) -> Any:
    """The document; raises `LockFileFault` if it is no TOML."""
    try:
        return tomlkit.parse(text_of(path, content))
    except TOMLKitError as error:
        raise LockFileFault(f"{path} is damaged ({error}); correct it") from error


def at(document: Any, place: Place) -> Any:
    """What is at this place; None if nothing is."""
    for key in place:
        document = document.get(key) if isinstance(document, MutableMapping) else None
    return document


def keys(place: Place, *documents: Any) -> list[str]:
    """The keys of the tables at this place, of all documents."""
    found: dict[str, None] = {}
    for document in documents:
        table = at(document, place)
        found |= dict.fromkeys(map(str, table)) if isinstance(table, MutableMapping) else {}
    return list(found)


def merge_table(old: Any, new: Any, moved: Collection[str], name_of: Callable[[str, Any], str]) -> bool:
    """Make the entries for packages that move those of the new table, and tell whether any differed.

    A table that only one side has stays as it is.
    """
    if not isinstance(old, MutableMapping) or not isinstance(new, MutableMapping):
        return False
    changed = False
    for key in keys((), old, new):
        names = {name_of(key, table[key]) for table in (old, new) if key in table}
        if not names & {*moved} or old.get(key) == new.get(key):
            continue
        changed = True
        if key in new:
            old[key] = new[key]
        else:
            del old[key]
    return changed
