"""The smallest set of parts of a commit that makes its parent bad.

The parts are put in a line: the parent, then one part more at each stage, up to the whole commit. A hunt
along the line finds the part that makes it bad after those before it. That part is held from then on, and
what came after it is left out; the next hunt tells which other part it needs, until those held are bad by
themselves. This takes about k log2(n) probes for k of n parts (QuickXplain: Junker, AAAI 2004). Every hunt
is an ordinary one, with its pairs, untestable stages and confirmation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from bisector.history.stand_ins import Contents
from bisector.hunt.conclusion import AnyOf, Conclusion, Effect, FirstBad
from bisector.hunt.descend.line import Stage, in_stages
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.way import Hunted, Way

Part = tuple[int, ...]
"""Positions that are always chosen together."""

_STAGES = 512
"""Stages of one line. More parts are first taken in groups."""
_ONE_BY_ONE = 16
"""Of more parts that came as one, only groups are left out, to see whether they are needed."""


class Parts(Protocol):
    """What a commit consists of: parts that can be chosen, each by its position."""

    def __len__(self) -> int: ...

    def name(self, at: int) -> str:
        """What a person calls the part."""
        ...

    def contents(self, chosen: Collection[int]) -> Contents | None:
        """The files of the parent with these parts of the commit; None if there can be no such files."""
        ...

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """These parts and those without which they most likely do not build."""
        ...


@dataclass(frozen=True, slots=True)
class Smallest:
    """A set of parts that is bad without the others.

    `inseparable` are those of them that could not be tested one without the other.
    """

    chosen: tuple[int, ...]
    effect: Effect | None
    inseparable: tuple[int, ...] = ()


class Open(Exception):
    """A hunt has no answer; the text says why, and `conclusion` how it ended, if it began."""

    def __init__(self, why: str, conclusion: Conclusion | None = None) -> None:
        super().__init__(why)
        self.conclusion = conclusion


class Narrowing:
    """The search for the smallest set among the `parts` of the commit `of`.

    `clusters` have the parts that most likely need each other, in an order in which they most likely build.
    """

    def __init__(
        self, way: Way, space: Space, of: str, parts: Parts, clusters: Sequence[Sequence[Part]]
    ) -> None:
        self._way = way
        self._space = space
        self._of = of
        self._parts = parts
        self._finer = [[_flat(cluster) for cluster in clusters], [one for part in clusters for one in part]]

    def smallest(self, without: Collection[int] = ()) -> Smallest:
        """The smallest set without these parts, whose rest is known to be bad.

        Raises `Open` if a hunt has no answer, `Spent`, and what a hunt raises.
        """
        inside = set(range(len(self._parts))) - set(without)
        for parts in self._finer:
            left = _within(parts, inside)
            while True:
                groups = list(_in_groups(left, _STAGES))
                found, joined, effect = self._found(groups)
                inside = set(_flat(found))
                before, left = left, _within(left, inside)
                # Groups that are all needed would be the same groups again.
                if len(left) in (len(found), len(before)):
                    break
            if len(_within(self._finer[-1], inside)) == len(found):
                break
        return self._shrunk(found, joined, effect)

    def also_without(self, chosen: Collection[int]) -> bool | None:
        """Whether the commit is bad without these parts too; None if that cannot be tested.

        Raises as `smallest`.
        """
        rest, every = set(range(len(self._parts))) - set(chosen), set(range(len(self._parts)))
        if not rest:
            return False
        found = self._hunt([rest, every], ["without these changes", "all changes"])
        if isinstance(found.conclusion, AnyOf):
            return None
        return _stage_of(found) == 1

    def _found(self, parts: Sequence[Part]) -> tuple[list[Part], list[Part], Effect | None]:
        """Parts that together are bad, those of them that came as one, and their effect."""
        held: list[Part] = []
        joined: list[Part] = []
        rest = list(parts)
        while True:
            steps = [_flat(held), *rest] if held else rest
            sets = [set(chosen) for chosen in accumulate(steps, lambda one, more: (*one, *more))]
            names = [f"{'up to' if at else 'only'} {self._said(step)}" for at, step in enumerate(steps)]
            found = self._hunt(sets, names, suspect=1 if held else 0)
            first, last = _span_of(found)
            known = 1 if held else 0
            if last == known:
                return held, joined, _effect_of(found)
            new = rest[max(first - known, 1) - 1 : last - known]
            held = [*held, *new]
            joined += new if len(new) > 1 or first <= known else []
            rest = rest[: max(first - known, 1) - 1]
            if set(_flat(held)) == sets[last - 1]:
                return held, joined, _effect_of(found)

    def _shrunk(self, found: Sequence[Part], joined: Sequence[Part], effect: Effect | None) -> Smallest:
        """The same without the parts that only came along with others."""
        kept, doubtful, inseparable = list(found), list(joined), list[Part]()
        for size in _sizes(len(doubtful)):
            inseparable = []
            for at in range(0, len(doubtful), size):
                chunk = doubtful[at : at + size]
                tried = self._without(kept, chunk)
                if tried is not None and isinstance(tried.conclusion, AnyOf):
                    inseparable += chunk
                elif tried is not None and _stage_of(tried) == 1:
                    kept, effect = [part for part in kept if part not in chunk], _effect_of(tried)
            doubtful = [part for part in doubtful if part in kept]
        # What cannot be left out one by one may need each other, and not be needed by the rest.
        sure = [part for part in kept if part not in inseparable]
        needed = self._parts.needed_by(_flat(sure))
        for stay in ([], [part for part in inseparable if needed.issuperset(part)]):
            leave = [part for part in inseparable if part not in stay]
            tried = self._without(kept, leave) if len(inseparable) > 1 else None
            if tried is not None and not isinstance(tried.conclusion, AnyOf) and _stage_of(tried) == 1:
                kept, effect, inseparable = [*sure, *stay], _effect_of(tried), stay
                break
        return Smallest(tuple(sorted(_flat(kept))), effect, _flat(inseparable))

    def _without(self, kept: Sequence[Part], chunk: Sequence[Part]) -> Hunted | None:
        """The hunt that tells whether the parts kept are bad without this chunk; None for all or nothing."""
        fewer = [part for part in kept if part not in chunk]
        if not fewer or len(fewer) == len(kept):
            return None
        sets = [set(_flat(fewer)), set(_flat(kept))]
        return self._hunt(sets, [f"without {self._said(_flat(chunk))}", "with that"], suspect=1)

    def _hunt(self, sets: Sequence[Collection[int]], subjects: Sequence[str], suspect: int = 0) -> Hunted:
        """The hunt from the parent over these sets, each within the next; raises `Open` without an answer."""
        stages = [Stage("0", self._parts.contents(()), "none of its changes")]
        stages += [
            Stage(str(at), self._parts.contents(chosen), subject)
            for at, (chosen, subject) in enumerate(zip(sets, subjects, strict=True), start=1)
        ]
        early = str(suspect) if suspect else ""
        found = self._way.tried(
            lambda: in_stages(self._way.ground, self._space, self._of, stages, suspect=early)
        )
        if isinstance(found, str):
            raise Open(found)
        if not found.answer and not isinstance(found.conclusion, AnyOf):
            why = found.why
            for own, at in found.line.meant.items():
                why = why.replace(own[:12], f"'{stages[int(at)].subject}'")
            raise Open(why, found.conclusion)
        return found

    def _said(self, part: Sequence[int]) -> str:
        names = [self._parts.name(at) for at in part[:3]]
        return ", ".join(names) + (f" and {len(part) - 3} more" if part[3:] else "")


def _span_of(found: Hunted) -> tuple[int, int]:
    """The first and the last stage that may be the answer."""
    if isinstance(found.conclusion, AnyOf):
        stages = [int(found.line.of(commit)) for commit in found.conclusion.commits]
        return min(stages), max(stages)
    at = _stage_of(found)
    return at, at


def _stage_of(found: Hunted) -> int:
    return int(found.answer)


def _effect_of(found: Hunted) -> Effect | None:
    return found.conclusion.effect if isinstance(found.conclusion, FirstBad) else None


def _flat(parts: Sequence[Part]) -> Part:
    return tuple(at for part in parts for at in part)


def _within(parts: Sequence[Part], inside: set[int]) -> list[Part]:
    """What is inside of each part, without those that are not."""
    found = (tuple(at for at in part if at in inside) for part in parts)
    return [part for part in found if part]


def _sizes(number: int) -> list[int]:
    """How many parts to leave out at once, in turn, down to single ones unless that are too many."""
    sizes = [number >> shift for shift in range(1, number.bit_length())]
    return [size for size in sizes if number // size <= _ONE_BY_ONE]


def _in_groups(parts: Sequence[Part], most: int) -> Iterator[Part]:
    """Neighbours in groups of the same size, so that there are at most so many."""
    size = -(-len(parts) // most)
    for at in range(0, len(parts), max(size, 1)):
        yield _flat(parts[at : at + size])
