"""Whether a path of the hunt's lies in the slot, whatever links the commit has on the way to it."""

from __future__ import annotations

from pathlib import Path


def is_inside(slot: Path, path: str) -> bool:
    """Whether `path` can be written or removed without leaving `slot`, and without touching git's own `.git`.

    The last part may be a link itself, which removing takes away and reading does not follow; whoever
    follows it asks for `leads_out`. False too where a file stands in the way.
    """
    target = slot / path
    try:
        place = target.parent.resolve() / target.name
        within = place.relative_to(slot.resolve())
    except (OSError, RuntimeError, ValueError):  # a link that leads to itself, or out
        return False
    return ".git" not in map(str.lower, within.parts) and not _stands_in_the_way(slot, target)


def leads_out(slot: Path, path: str) -> bool:
    """Whether what `path` names in the end, links followed, lies outside of `slot`."""
    try:
        return not (slot / path).resolve().is_relative_to(slot.resolve())
    except (OSError, RuntimeError):
        return True


def _stands_in_the_way(slot: Path, target: Path) -> bool:
    """Whether a part before the last is there and no folder."""
    above = [parent for parent in target.parents if parent != slot and parent.is_relative_to(slot)]
    return any(parent.exists() and not parent.is_dir() for parent in above)
