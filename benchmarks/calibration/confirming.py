"""The end of a hunt after its search: new readings of the first bad commit and its parents.

The rules are those of `bisector.hunt`: verdicts are read once more and count as further readings. Measured
values are read in pairs until the interval of their ratio decides. If the confirmation fails, the search
continues.
"""

from __future__ import annotations

import math

from benchmarks.calibration.worlds import Probe, World
from benchmarks.search.simulate import drive
from bisector.hunt.decide.effect import estimate
from bisector.search import (
    GOOD_END,
    Budget,
    Conclusion,
    Exact,
    FirstBad,
    Flaky,
    Inconclusive,
    Measured,
    Misfit,
    Noise,
    Search,
    Timing,
)

RATIO = 1.1
"""The smallest ratio in a hunt file by default."""
LEAST, MOST = 3, 20
"""The minimum and maximum number of pairs in a confirmation."""


def confirmed(world: World, search: Search, most_probes: int) -> tuple[Conclusion | None, int]:
    """The conclusion of the hunt with this search, and its readings without those of pairs."""
    given_up: set[int] = set()
    while True:
        found = search.conclusion
        if isinstance(found, Misfit) and isinstance(search.noise, Exact):
            search = _again(search, Flaky(), most_probes)
        elif not isinstance(found, FirstBad):
            return found, len(search.observations)
        elif isinstance(search.noise, Timing):
            parents = world.graph.parents[found.commit] or (GOOD_END,)
            if all(_holds(world.probe, found.commit, parent) for parent in parents):
                return found, len(search.observations)
            if found.commit in given_up:
                why = "the likeliest commit is no step"
                return Inconclusive(why, (found.commit,), (found.probability,), 0.0), len(search.observations)
            _read(world, search, found.commit, LEAST)
        elif found.commit in given_up:
            return found, len(search.observations)
        else:
            _read(world, search, found.commit, 1)
        if isinstance(found, FirstBad):
            given_up.add(found.commit)
        drive(search, world.probe)


def _again(search: Search, noise: Noise, most_probes: int) -> Search:
    taken_up = Search(
        search.graph, noise, search.confidence, seed=search.seed, stop=Budget(probes=most_probes)
    )
    taken_up.observe_all(search.observations)
    return taken_up


def _read(world: World, search: Search, commit: int, times: int) -> None:
    for suspect in (commit, *(world.graph.parents[commit] or (GOOD_END,))):
        for _ in range(times):
            search.observe(suspect, world.probe(suspect))


def _holds(probe: Probe, commit: int, parent: int) -> bool:
    """Whether pairs of readings show a step. An untestable parent does not contradict it."""
    ratios: list[float] = []
    while len(ratios) < MOST:
        own, before = probe(commit), probe(parent)
        if not (isinstance(own, Measured) and isinstance(before, Measured)):
            return True
        ratios.append(own.value / before.value)
        if len(ratios) < LEAST:
            continue
        effect = estimate(ratios)
        if effect.low > math.sqrt(RATIO):
            return True
        if effect.high < RATIO:
            return False
    return effect.low > 1
