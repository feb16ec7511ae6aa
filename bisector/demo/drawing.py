"""Draws a sample history from a seed: a shape, places for the causes, and a change for each commit."""

from __future__ import annotations

import random

from bisector.demo.authors import write_changes
from bisector.demo.history import History
from bisector.demo.scenarios import Scenario
from bisector.demo.shape import TRUNK, Commit, Flavour, Kind, Shaper
from bisector.errors import UsageError

MOST_DRAWS = 200
"""Shapes that are drawn before a number of commits counts as too small."""


def draw(scenario: Scenario, commits: int, seed: int, workload: int) -> History:
    """The history of a seed; raises UsageError if `commits` is too small for the scenario."""
    for attempt in range(MOST_DRAWS):
        rng = random.Random(f"{seed}/{attempt}")
        shape = Shaper(rng, commits, _first_flavour(scenario)).draw()
        states = _states(shape)
        baseline = 1 + commits // 40
        places = _places(scenario, shape, states, baseline, rng)
        if places is None:
            continue
        history = History(
            shape,
            write_changes(shape, dict(zip(places, scenario.causes, strict=True)), rng),
            states,
            places,
            baseline,
            workload,
        )
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
    """The commits whose substrate change the causes replace; None if there is no suitable place."""
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
        if a.line == TRUNK
        and b.line != TRUNK
        and not (a.index in states[b.index] or b.index in states[a.index])
    ]
    return rng.choice(pairs) if pairs else None


def _as_wanted(history: History, scenario: Scenario) -> bool:
    """Whether the history fits the scenario: one first bad commit, which is a merge if two causes meet."""
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
