"""The row about long runs of untestable commits, next to git's rule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.search.cells import Bench, Cell, known_ends
from benchmarks.search.git_rule import GitBisect
from benchmarks.search.histories import chain, descendants, like_git, untestable_stretches
from benchmarks.search.simulate import Probe, drive, flips, is_right
from bisector.search import CommitGraph, Outcome, Untestable

SIZES = (50, 300, 1000, 5000)
SHARES = (0.05, 0.2, 0.5, 0.8)
PLACES = ("far", "beside", "inside")
MOST_INSIDE = 200
"""Every commit of a run with the first bad one must be tried. Larger cells would only take longer."""
NEAR = 3
"""The distance to a run within which a commit is next to it."""


@dataclass
class Counts:
    """Probes of the same hunts by the search and by git's rule."""

    ours: list[int] = field(default_factory=list)
    git: list[int] = field(default_factory=list)
    right: int = 0

    @property
    def behind(self) -> float:
        """How many more probes than git's rule the search needs on average."""
        return float(np.mean(self.ours) - np.mean(self.git))


def culprit(broken: set[int], size: int, place: str, rng: random.Random) -> int:
    """A first bad commit inside a run, next to one, or in the half that is farthest from all runs."""
    if place == "inside":
        return rng.choice(sorted(broken))
    testable = np.array([commit for commit in range(size) if commit not in broken])
    far = np.abs(testable[:, None] - np.array(sorted(broken))).min(axis=1)
    near = testable[far <= NEAR]
    distant = testable[far >= np.median(far)]
    return int(rng.choice((near if place == "beside" else distant).tolist()))


def count(graph: CommitGraph, share: float, stretches: int, place: str, trials: int) -> Counts:
    """Hunts with fixed seeds. The endpoints are known and testable."""
    counts = Counts()
    for trial in range(trials):
        rng = random.Random(trial)
        broken = untestable_stretches(len(graph), share, stretches, rng)
        first_bad = culprit(broken, len(graph), place, rng)
        if not descendants(graph, first_bad)[-1]:
            continue  # A side branch that the bad endpoint does not contain.
        told = flips(0, 0)(rng, descendants(graph, first_bad))

        def probe(commit: int, broken: set[int] = broken, told: Probe = told) -> Outcome:
            return Untestable() if commit in broken else told(commit)

        git = GitBisect(graph, len(graph) - 1)
        git.run(probe)
        search = known_ends(graph)
        counts.ours.append(drive(search, probe, most=len(graph)))
        counts.git.append(git.checkouts)
        counts.right += is_right(search, first_bad)
    return counts


def untestable(bench: Bench) -> Iterator[Cell]:
    """Mean probes with one or four runs, wherever the first bad commit is."""
    merged = like_git(600, 4)
    graphs = [(f"line of {size}", chain(size)) for size in SIZES] + [("merges, 600 commits", merged)]
    for name, graph in graphs:
        for share in SHARES:
            for place in PLACES:
                if place == "inside" and share * len(graph) > MOST_INSIDE:
                    continue
                for stretches in (1, 4):
                    counts = count(
                        graph,
                        share,
                        stretches,
                        place,
                        max(6, bench.count // (7 if len(graph) <= 300 else 15)),
                    )
                    yield Cell(
                        "untestable",
                        f"{name}, {share:.0%} in {stretches}, culprit {place}",
                        f"{np.mean(counts.ours):.1f} (max {max(counts.ours)}), "
                        f"right {counts.right / len(counts.ours):.3f}",
                        {"git": f"{np.mean(counts.git):.1f} (max {max(counts.git)})"},
                        "git + 2",
                    )
