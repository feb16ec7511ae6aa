"""The nested `dependencies` that a lock file of npm 7 to 8 has besides `packages`, for npm 6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bisector.ecosystems.npm.tree import is_local

_FOLDER = "node_modules/"


def legacy_dependencies(
    keys: Iterable[str], sides: Sequence[str], documents: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> dict[str, Any]:
    """The nested form of the entries under these keys, each as its side ("old" or "new") has it."""
    found: dict[str, Any] = {}
    for key, side in sorted(zip(keys, sides, strict=True), key=lambda one: one[0].count(_FOLDER)):
        if is_local(key) or not key.startswith(_FOLDER):
            continue
        names = [name.rstrip("/") for name in key.split(_FOLDER)[1:]]
        own = _nested(documents[side == "new"], names) or _nested(documents[side != "new"], names)
        inside = _nested({"dependencies": found}, names[:-1]) if names[:-1] else None
        if own is None or (names[:-1] and inside is None):
            continue
        place = found if inside is None else inside.setdefault("dependencies", {})
        place[names[-1]] = {field: value for field, value in own.items() if field != "dependencies"}
    return found


def _nested(document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any] | None:
    at: Any = document
    for name in names:
        at = at.get("dependencies", {}).get(name)
        if not isinstance(at, dict):
            return None
    return at if isinstance(at, dict) else None
