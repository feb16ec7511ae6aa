"""A sample history: a shape, a change for each commit, and the files and truth that follow."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from bisector.demo import catalogue
from bisector.demo.edits import Change, Files, apply_all
from bisector.demo.guests import FIRST_TESTS, GUESTS, LAST_TESTS, script
from bisector.demo.scenarios import Scenario
from bisector.demo.shape import TRUNK, Commit, Flavour, Kind, Shaper
from bisector.demo.sources import base_files, with_tests
from bisector.errors import UsageError

MOST_DRAWS = 200
"""How many shapes are drawn before a number of commits is called too small."""

WATCHDOGS = (1200, 2400)


@dataclass(frozen=True)
class History:
    """Commits with their changes, and where the causes were put (indices, usually one)."""

    commits: list[Commit]
    changes: list[Change]
    states: list[frozenset[int]]
    """For each commit the indices of the changes that its tree holds."""
    culprits: tuple[int, ...]
    baseline: int
    workload: int

    def bad(self, index: int) -> bool:
        """Whether the commit's tree holds the whole cause."""
        return bool(self.culprits) and all(c in self.states[index] for c in self.culprits)

    def files(self, index: int) -> Files:
        """The commit's tree."""
        state = self.states[index]
        mended = {c.breaks for c in self.commits if c.kind is Kind.MEND and c.index in state}
        present = [self.changes[i] for i in sorted(state) if i not in mended]
        files = base_files(self.workload)
        for change in present:
            apply_all(change.edits, files)
        seconds = max((change.watchdog for change in present), default=0)
        if seconds:
            path = script("tcl")
            files[path] = files[path].replace("timeout=180", f"timeout={seconds}")
        return with_tests(files, _totals(present))

    def first_bad(self) -> list[int]:
        """Bad commits all of whose parents are good: exactly one in a history with a cause."""
        return [
            c.index
            for c in self.commits
            if self.bad(c.index) and not any(self.bad(p) for p in c.parents)
        ]

    def any_of(self) -> list[int]:
        """What `git bisect` is left with: commits that no testable commit can tell apart."""
        testable = [c.index for c in self.commits if not c.broken]
        innocent: set[int] = set()
        for i in testable:
            if not self.bad(i):
                innocent |= self.states[i]
        suspects = set(range(len(self.commits))) - innocent
        for i in testable:
            if self.bad(i):
                suspects &= self.states[i]
        return sorted(suspects) if self.culprits else []


def _totals(changes: Iterable[Change]) -> dict[str, int]:
    totals = dict.fromkeys(GUESTS, FIRST_TESTS)
    for change in changes:
        if change.grow:
            guest, tests = change.grow
            totals[guest] += tests
    return totals


def draw(scenario: Scenario, commits: int, seed: int, workload: int) -> History:
    """The history of a seed; UsageError where `commits` are too few for the scenario."""
    for attempt in range(MOST_DRAWS):
        rng = random.Random(f"{seed}/{attempt}")
        shape = Shaper(rng, commits, _first_flavour(scenario)).draw()
        states = _states(shape)
        baseline = 1 + commits // 40
        places = _places(scenario, shape, states, baseline, rng)
        if places is None:
            continue
        history = History(shape, _changes(shape, scenario, places, rng), states, places, baseline, workload)
        if _as_wanted(history, scenario):
            return history
    raise UsageError(f"{commits} commits are too few for this scenario; ask for 12 or more")


def _first_flavour(scenario: Scenario) -> Flavour:
    return Flavour.BROKEN_RUN if scenario.hidden else Flavour.PLAIN


def _states(shape: list[Commit]) -> list[frozenset[int]]:
    states: list[frozenset[int]] = []
    for commit in shape:
        states.append(frozenset({commit.index}).union(*(states[p] for p in commit.parents)))
    return states


def _places(
    scenario: Scenario, shape: list[Commit], states: list[frozenset[int]], baseline: int, rng: random.Random
) -> tuple[int, ...] | None:
    """Where the causes go: commits whose substrate change they replace; None where there is no place."""
    if not scenario.causes:
        return ()

    def fits(c: Commit) -> bool:
        return (
            c.kind is Kind.SUBSTRATE
            and c.index > baseline
            and c.broken == scenario.hidden
            and shape[c.parents[0]].broken == scenario.hidden
        )

    fitting = [c for c in shape if fits(c)]
    if len(scenario.causes) == 1:
        return (rng.choice(fitting).index,) if fitting else None
    pairs = [
        (a.index, b.index)
        for a in fitting
        for b in fitting
        if (a.line == TRUNK) > (b.line == TRUNK) and a.index not in states[b.index] and b.index not in states[a.index]
    ]
    return rng.choice(pairs) if pairs else None


def _as_wanted(history: History, scenario: Scenario) -> bool:
    """Whether the truth has the scenario's form: one first bad commit, a merge where two changes meet."""
    if not scenario.causes:
        return True
    first = history.first_bad()
    if len(first) != 1:
        return False
    commit = history.commits[first[0]]
    if scenario.hidden:
        return first[0] in history.any_of() and commit.broken and history.bad(len(history.commits) - 1)
    merge = len(scenario.causes) == 2
    return history.any_of() == first and merge == (commit.kind is Kind.MERGE)


def _changes(
    shape: list[Commit], scenario: Scenario, places: tuple[int, ...], rng: random.Random
) -> list[Change]:
    """A change for each commit; the scenario's causes at their places."""
    additions, notes, breaks, watchdogs = count(), count(), count(), iter(WATCHDOGS)
    helpers = {guest: count() for guest in ("", *GUESTS)}
    growing = _growing(shape, rng)
    changes: list[Change] = []
    for commit in shape:
        guest = commit.guest or rng.choice(GUESTS)
        if commit.index in places:
            change = scenario.causes[places.index(commit.index)]
        elif commit.kind is Kind.SUBSTRATE:
            change = catalogue.addition(next(additions))
        elif commit.kind is Kind.SPEC:
            change = catalogue.function(next(helpers[""]), "")
        elif commit.kind is Kind.GUEST:
            change = catalogue.function(next(helpers[guest]), guest)
        elif commit.kind is Kind.GROW:
            change = growing[commit.index]
        elif commit.kind is Kind.DOCS:
            change = catalogue.note(next(notes))
        elif commit.kind is Kind.WATCHDOG:
            seconds = next(watchdogs)
            change = Change(f"tcl: test.sh watchdog to {seconds}s", watchdog=seconds)
        elif commit.kind is Kind.MEND:
            assert commit.breaks is not None
            change = catalogue.mend(changes[commit.breaks])
        elif commit.breaks is not None:
            change = catalogue.breakage(next(breaks))
        else:
            change = Change("Import the substrate and its guests")
        if commit.kind is Kind.MERGE:
            change = Change(f"Merge {commit.merged} into {commit.line}", change.edits if commit.broken else ())
        changes.append(change)
    return changes


def _growing(shape: list[Commit], rng: random.Random) -> dict[int, Change]:
    """Growth commit -> its change: each guest grows to about LAST_TESTS, in steps much alike."""
    guests = {c.index: c.guest or rng.choice(GUESTS) for c in shape if c.kind is Kind.GROW}
    per_guest = {guest: list(guests.values()).count(guest) for guest in GUESTS}
    changes = {}
    for index, guest in guests.items():
        mean = (LAST_TESTS - FIRST_TESTS) / per_guest[guest]
        tests = max(1, min(12, round(mean * rng.uniform(0.6, 1.4))))
        changes[index] = Change(f"{guest}: {tests} more test{'s' if tests > 1 else ''}", grow=(guest, tests))
    return changes
