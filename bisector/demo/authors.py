"""Chooses the change of each commit of a shape."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from itertools import count

from bisector.demo import catalogue
from bisector.demo.edits import Change
from bisector.demo.guests import FIRST_TESTS, GUESTS, LAST_TESTS
from bisector.demo.shape import Commit, Kind

WATCHDOGS = (1200, 2400)
"""Seconds to which Tcl's watchdog is raised, in order."""


class _Author:
    """Writes one change after another, and counts what it has used of the catalogue."""

    def __init__(self, shape: list[Commit], rng: random.Random) -> None:
        self.rng = rng
        self.growing = _growing(shape, rng)
        self.additions, self.notes, self.breaks = count(), count(), count()
        self.functions = {guest: count() for guest in ("", *GUESTS)}
        self.watchdogs = iter(WATCHDOGS)

    def ordinary(self, commit: Commit) -> Change:
        """The change of a commit that is not a break, a fix of the build, or a merge."""
        match commit.kind:
            case Kind.SUBSTRATE:
                return catalogue.addition(next(self.additions))
            case Kind.SPEC:
                return catalogue.function(next(self.functions[""]), "")
            case Kind.GUEST:
                guest = commit.guest or self.rng.choice(GUESTS)
                return catalogue.function(next(self.functions[guest]), guest)
            case Kind.GROW:
                return self.growing[commit.index]
            case Kind.DOCS:
                return catalogue.note(next(self.notes))
            case Kind.WATCHDOG:
                seconds = next(self.watchdogs)
                return Change(f"tcl: test.sh watchdog to {seconds}s", watchdog=seconds)
            case _:
                return Change("Import the substrate and its guests")


def write_changes(shape: list[Commit], causes: Mapping[int, Change], rng: random.Random) -> list[Change]:
    """A change for each commit; `causes` replace those at their places."""
    author = _Author(shape, rng)
    changes: list[Change] = []
    for commit in shape:
        if commit.index in causes:
            change = causes[commit.index]
        elif commit.kind is Kind.MEND and commit.breaks is not None:
            change = catalogue.mend(changes[commit.breaks])
        elif commit.kind is Kind.MERGE:
            edits = catalogue.breakage(next(author.breaks)).edits if commit.broken else ()
            change = Change(f"Merge {commit.merged} into {commit.line}", edits)
        elif commit.kind is Kind.BREAK:
            change = catalogue.breakage(next(author.breaks))
        else:
            change = author.ordinary(commit)
        changes.append(change)
    return changes


def _growing(shape: list[Commit], rng: random.Random) -> dict[int, Change]:
    """The changes of commits that add tests: each guest grows to about LAST_TESTS in similar steps."""
    guests = {c.index: c.guest or rng.choice(GUESTS) for c in shape if c.kind is Kind.GROW}
    per_guest = Counter(guests.values())
    changes = {}
    for index, guest in guests.items():
        mean = (LAST_TESTS - FIRST_TESTS) / per_guest[guest]
        tests = max(1, min(12, round(mean * rng.uniform(0.6, 1.4))))
        changes[index] = Change(f"{guest}: {tests} more test{'s' if tests > 1 else ''}", grow=(guest, tests))
    return changes
