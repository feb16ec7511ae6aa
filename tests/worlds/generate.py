"""Generates worlds: a pure function of a seed and a number."""

from __future__ import annotations

from random import Random

from tests.worlds.draft import Draft
from tests.worlds.traps import TRAPS, changes, compatible, declarations, dirt, histories, judgements, ranges
from tests.worlds.world import World

_PARTS = (histories, judgements, changes, declarations, dirt, ranges)
"""Traps change a world in this order: later ones build on the changes of earlier ones."""


def generate(seed: int, number: int) -> World:
    """The world with this number. Its first trap is each of them in turn."""
    rng = Random(f"{seed}-{number}")
    return build(seed, number, _choose(rng, number), rng)


def build(seed: int, number: int, traps: list[str], rng: Random) -> World:
    """A world with these traps."""
    length = rng.randint(6, 13)
    draft = Draft(rng, [(), *((at,) for at in range(length - 1))], {rng.randint(1, length - 1): 1})
    draft.builds = rng.random() < 0.5
    if draft.builds and rng.random() < 0.6:
        draft.build["outputs"] = ["out"]
    for part in _PARTS:
        for name in traps:
            if TRAPS[name].change.__module__ == part.__name__:
                TRAPS[name].change(draft)
    return draft.finished(seed, number, traps)


def _choose(rng: Random, number: int) -> list[str]:
    names = list(TRAPS)
    chosen = [names[number % len(names)]]
    wanted = rng.choice([1, 2, 2, 3])
    while len(chosen) < wanted:
        other = rng.choice(names)
        if other not in chosen and compatible([*chosen, other]):
            chosen.append(other)
        elif rng.random() < 0.2:
            wanted -= 1
    return sorted(chosen, key=names.index)
