"""Whether a path in the hunt file stays inside the slot, despite symbolic links in the commit."""

from __future__ import annotations

from pathlib import Path


def is_inside(slot: Path, path: str) -> bool:
    """Whether writing or removing `path` stays inside `slot` and outside git's own `.git`.

    The last part may itself be a link, which is removed or read as a link; use `leads_out` before following
    it. Also False if a parent is a file.
    """
    target = slot / path
    try:
        place = target.parent.resolve() / target.name
        within = place.relative_to(slot.resolve())
    except (OSError, RuntimeError, ValueError):  # a link to itself or out of the slot
        return False
    return ".git" not in map(str.lower, within.parts) and not _stands_in_the_way(slot, target)


def leads_out(slot: Path, path: str) -> bool:
    """Whether `path`, with links followed, lies outside `slot`."""
    try:
        return not (slot / path).resolve().is_relative_to(slot.resolve())
    except (OSError, RuntimeError):
        return True


def _stands_in_the_way(slot: Path, target: Path) -> bool:
    """Whether a part before the last exists but is not a folder."""
    above = [parent for parent in target.parents if parent != slot and parent.is_relative_to(slot)]
    return any(parent.exists() and not parent.is_dir() for parent in above)
