"""The shape of a history: its commits, their branches and parents, and which are broken."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import Enum

from bisector.demo.guests import GUESTS

TRUNK = "architecture"


class Kind(Enum):
    """What a commit touches."""

    IMPORT = "import"
    SUBSTRATE = "substrate"
    SPEC = "spec"
    GUEST = "guest"
    GROW = "tests"
    DOCS = "docs"
    WATCHDOG = "watchdog"
    BREAK = "break"
    MEND = "mend"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the shape; its index is its place in the list, after its parents."""

    index: int
    parents: tuple[int, ...]
    line: str
    kind: Kind
    broken: bool = False
    merged: str = ""
    """For a merge: the branch that was merged in."""
    breaks: int | None = None
    """For a break, or a merge that breaks, its own index; for a fix, the index of what it fixes."""

    @property
    def guest(self) -> str:
        """The guest that the branch works on; empty on the trunk."""
        return self.line.removeprefix("loops/") if self.line != TRUNK else ""


class Flavour(Enum):
    """The special feature of a side branch."""

    BROKEN_RUN = "a run of commits that do not compile"
    MERGE_BACK = "a merge back from the trunk"
    BROKEN_MERGE = "a merge that does not compile"
    PLAIN = "nothing special"


_ORDINARY = {Kind.GROW: 30, Kind.SUBSTRATE: 34, Kind.DOCS: 12, Kind.GUEST: 14, Kind.SPEC: 10}
"""Ordinary kinds of commits and their frequency in percent."""


class Shaper:
    """Draws a history of exactly `commits` commits, one after another."""

    def __init__(self, rng: random.Random, commits: int, first: Flavour) -> None:
        self.rng = rng
        self.wanted = commits
        self.commits: list[Commit] = []
        self.tip = self._add((), TRUNK, Kind.IMPORT)
        others = [flavour for flavour in Flavour if flavour is not first]
        rng.shuffle(others)
        self.flavours = [first, *others]
        self.branches = 0

    @property
    def room(self) -> int:
        """The number of commits still to draw."""
        return self.wanted - len(self.commits)

    def draw(self) -> list[Commit]:
        """All commits, parents before children; the last one is on the trunk."""
        for _ in range(1 + self.wanted // 40):
            self._on_trunk()
        while self.room:
            if self.room >= 7 and (self.room < 10 or self.rng.random() < 0.5):
                self._branch()
            else:
                self._on_trunk()
        return self._with_watchdogs()

    def _add(self, parents: tuple[int, ...], line: str, kind: Kind, broken: bool = False) -> int:
        self.commits.append(Commit(len(self.commits), parents, line, kind, broken))
        return len(self.commits) - 1

    def _ordinary(self) -> Kind:
        return self.rng.choices(list(_ORDINARY), list(_ORDINARY.values()))[0]

    def _on_trunk(self, kind: Kind | None = None) -> None:
        self.tip = self._add((self.tip,), TRUNK, kind or self._ordinary())

    def _branch(self) -> None:
        flavour = self.flavours[self.branches % len(self.flavours)]
        self.branches += 1
        line = f"loops/{self.rng.choice(GUESTS)}"
        mends = flavour is Flavour.BROKEN_MERGE
        on_trunk = self.rng.randint(1, 2)
        length = self.rng.randint(4, max(4, min(9, self.room - on_trunk - 1 - mends)))
        side = self._side(line, length, on_trunk, flavour)
        self.tip = self._add((self.tip, side), TRUNK, Kind.MERGE)
        self._mark(merged=line)
        if mends:
            self._mark(broken=True, breaks=self.tip)
            self._on_trunk(Kind.MEND)
            self._mark(breaks=self.tip - 1)

    def _side(self, line: str, length: int, on_trunk: int, flavour: Flavour) -> int:
        """Add `length` commits to a new branch and `on_trunk` to the trunk; returns the branch's tip."""
        side = self.tip
        trunk_at = set(self.rng.sample(range(1, length), on_trunk))
        last_trunk = max(trunk_at)
        run = self._run(length) if flavour is Flavour.BROKEN_RUN else range(0)
        broke = -1
        for step in range(length):
            if step in trunk_at:
                self._on_trunk(Kind.SUBSTRATE if step == last_trunk else None)
            if flavour is Flavour.MERGE_BACK and step == last_trunk:
                side = self._add((side, self.tip), line, Kind.MERGE)
                self._mark(merged=TRUNK)
            elif step in run:
                side = self._add((side,), line, Kind.SUBSTRATE, broken=True)
                if step == run.start:
                    broke = side
                    self._mark(kind=Kind.BREAK, breaks=broke)
            elif run and step == run.stop:
                side = self._add((side,), line, Kind.MEND)
                self._mark(breaks=broke)
            else:
                side = self._add((side,), line, Kind.SUBSTRATE if step == 0 else self._ordinary())
        return side

    def _run(self, length: int) -> range:
        """Steps of a branch that do not compile: at least two, with a good commit before and a fix after."""
        size = self.rng.randint(2, length - 2)
        start = self.rng.randint(1, length - 1 - size)
        return range(start, start + size)

    def _mark(
        self,
        kind: Kind | None = None,
        broken: bool | None = None,
        merged: str = "",
        breaks: int | None = None,
    ) -> None:
        last = self.commits[-1]
        self.commits[-1] = replace(
            last,
            kind=kind or last.kind,
            broken=last.broken if broken is None else broken,
            merged=merged or last.merged,
            breaks=last.breaks if breaks is None else breaks,
        )

    def _with_watchdogs(self) -> list[Commit]:
        """Turn two commits, at one third and at two thirds, into watchdog bumps."""
        for share in (1, 2):
            goal = share * self.wanted // 3
            plain = [c for c in self.commits if c.kind in (Kind.GROW, Kind.DOCS, Kind.GUEST)]
            if plain:
                nearest = min(plain, key=lambda c: abs(c.index - goal))
                self.commits[nearest.index] = replace(nearest, kind=Kind.WATCHDOG)
        return self.commits
