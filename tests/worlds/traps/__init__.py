"""The traps, by name. Each changes a world in preparation.

Traps that use the same aspect of a world exclude each other. All others can be combined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.worlds.draft import Draft

Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Trap:
    """Something wrong on purpose. `aspects` are the parts of the world that it needs for itself."""

    name: str
    aspects: frozenset[str]
    change: Change


TRAPS: dict[str, Trap] = {}


def trap(name: str, *aspects: str) -> Callable[[Change], Change]:
    """Register a function as a trap."""

    def enter(change: Change) -> Change:
        TRAPS[name] = Trap(name, frozenset(aspects), change)
        return change

    return enter


def compatible(names: Iterable[str]) -> bool:
    """Whether no two of these traps use the same aspect."""
    claimed = [aspect for name in names for aspect in TRAPS[name].aspects]
    return len(claimed) == len(set(claimed))
