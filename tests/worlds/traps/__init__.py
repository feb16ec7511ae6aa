"""The traps, by name: each changes a world under construction.

Traps that claim the same aspect of a world exclude each other, all others combine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.worlds.draft import Draft

Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Trap:
    """What is wrong on purpose; `aspects` are the parts of the world that it claims for itself."""

    name: str
    aspects: frozenset[str]
    change: Change


TRAPS: dict[str, Trap] = {}


def trap(name: str, *aspects: str) -> Callable[[Change], Change]:
    """Enter a function among the traps."""

    def enter(change: Change) -> Change:
        TRAPS[name] = Trap(name, frozenset(aspects), change)
        return change

    return enter


def compatible(names: Iterable[str]) -> bool:
    """Whether no two of these traps claim the same aspect."""
    claimed = [aspect for name in names for aspect in TRAPS[name].aspects]
    return len(claimed) == len(set(claimed))
