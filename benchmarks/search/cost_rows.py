"""The rows about the cost of probes: expensive ones, parallel ones, existing builds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np

from benchmarks.search import bounds
from benchmarks.search.cells import Bench, Cell, known_ends
from benchmarks.search.histories import chain, descendants, like_git
from benchmarks.search.simulate import drive, expected, flips, is_right, makespan
from bisector.hunt.decide.costs import allowed_weight, weight
from bisector.search import Bad, CommitGraph, Costs

DEAR = (2.0, 4.0, 10.0, 30.0)
LARGEST_SOLVED = 40
"""Size of the graph with merges that is solved exactly. Its sets of suspects grow too fast for more."""


def asynchronous(bench: Bench) -> Iterator[Cell]:
    """Time of hunts with several running probes. Each new one is chosen with the running ones in mind."""
    name, merged = bench.merged()
    for label, graph in (("line of 1000", chain(1000)), (name, merged)):
        for dear in (1.0, 10.0):
            took = {jobs: _mean_makespan(graph, jobs, dear, max(20, bench.count // 5)) for jobs in (1, 2, 3)}
            for jobs in (2, 3):
                others = {"one at a time": f"{took[1]:.1f}"}
                if dear == 1:
                    others["1 / log2 (jobs + 1)"] = f"{1 / math.log2(jobs + 1):.2f}"
                yield Cell(
                    "async",
                    f"{label}, c = {dear:g}, jobs = {jobs}",
                    f"{took[jobs]:.1f} ({took[jobs] / took[1]:.2f} of one at a time)",
                    others,
                )


def _mean_makespan(graph: CommitGraph, jobs: int, dear: float, count: int) -> float:
    took = []
    for trial in range(count):
        truth = int((trial + 0.5) * len(graph) / count)
        probe = flips(0, 0)(random.Random(trial), descendants(graph, truth))
        search = known_ends(graph, Costs(bad=dear))
        took.append(makespan(search, probe, jobs, lambda one: dear if isinstance(one, Bad) else 1.0))
        if not is_right(search, truth):
            raise RuntimeError(f"the hunt for {truth} ended with {search.conclusion}")
    return float(np.mean(took))


def dear_bad(bench: Bench) -> Iterator[Cell]:
    """The cost if a bad probe costs c good ones, next to halving and the optimum by dynamic programming."""
    small = like_git(LARGEST_SOLVED, 3)
    graphs = {
        "line of 120": chain(120),
        "line of 1000": chain(1000),
        f"merges, {LARGEST_SOLVED} commits": small,
    }
    for label, graph in graphs.items():
        for dear in DEAR:
            paid = Costs(bad=dear)
            ours = expected(known_ends(graph, paid), paid)
            even = expected(known_ends(graph), paid)
            best = (
                bounds.best_of_all(graph, dear) if graph is small else bounds.best_dear_tree(len(graph), dear)
            )
            yield Cell(
                "dear bad probes",
                f"{label}, c = {dear:g}",
                f"{ours.cost:.2f}: saves {_share(1 - ours.cost / even.cost)}, "
                f"{_share(ours.cost / best - 1)} above best",
                {
                    "halving": f"{even.cost:.2f}",
                    "best": f"{best:.2f}, saves {_share(1 - best / even.cost)}",
                    "probes": f"{ours.probes:.2f}, halving {even.probes:.2f}",
                },
                "within 2%" if dear <= 10 else "within 5%",
            )
    yield from _dear_bad_at_large(bench)


def _share(part: float) -> str:
    return f"{abs(part) if abs(part) < 5e-4 else part:.1%}"


def _dear_bad_at_large(bench: Bench) -> Iterator[Cell]:
    """For evenly spaced first bad commits, to reduce the effect of chance."""
    name, graph = bench.merged()
    count = max(20, bench.count)
    for dear in DEAR:
        spent = []
        for trial in range(count):
            truth = int((trial + 0.5) * len(graph) / count)
            search = known_ends(graph, Costs(bad=dear))
            before = search.spent
            drive(search, flips(0, 0)(random.Random(trial), descendants(graph, truth)))
            spent.append(search.spent - before)
        bound, cost = bounds.dear_bad(len(graph), dear), float(np.mean(spent))
        even = bounds.greedy_tree(graph, paid=dear)
        yield Cell(
            "dear bad probes",
            f"{name}, c = {dear:g}",
            f"{cost:.1f} ({cost / bound - 1:+.1%}): saves {1 - cost / even:.1%}",
            {
                "bound": f"{bound:.1f}",
                "best tree": f"{bounds.best_dear_tree(len(graph), dear) / bound - 1:+.1%}",
                "information per cost, every culprit": f"{bounds.greedy_tree(graph, dear) / bound - 1:+.1%}",
                "git's rule": f"{even:.1f}",
            },
            "within 2%" if dear <= 10 else "within 5%",
        )


def builds_at_hand(bench: Bench) -> Iterator[Cell]:
    """Seconds if a build takes 5, one of eight commits is built, and a test takes 1 if good and c if bad."""
    graph = chain(120)
    for dear in (1.0, 10.0, 30.0):
        ours, even, best, probes = [], [], [], []
        for trial in range(4):
            kept = set(random.Random(trial).sample(range(len(graph)), len(graph) // 8))
            paid = Costs(bad=dear, build=5.0, builds=[0.2 if c in kept else 5.0 for c in range(len(graph))])
            mean = expected(known_ends(graph, paid), paid)
            ours.append(mean.cost)
            probes.append(mean.probes)
            even.append(expected(known_ends(graph), paid).cost)
            best.append(bounds.best_on_a_line(paid, len(graph)))
        cost, halving, optimum = np.mean(ours), np.mean(even), np.mean(best)
        yield Cell(
            "builds at hand",
            f"line of 120, c = {dear:g}",
            f"{cost:.2f}: saves {1 - cost / halving:.1%}, {cost / optimum - 1:.1%} above best",
            {
                "halving": f"{halving:.2f}",
                "best": f"{optimum:.2f}, saves {1 - optimum / halving:.1%}",
                "probes": f"{np.mean(probes):.2f}",
            },
        )


def weighing(bench: Bench) -> Iterator[Cell]:
    """The weight of bad probes in a hunt. Below four good ones, git's number of probes is the limit."""
    whole = 120
    for searched in (60, 100, 120):
        graph = chain(searched)
        for dear in (2.0, 3.0, 10.0):
            paid, taken = Costs(bad=dear), weight(dear, allowed_weight(searched, whole))
            ours = expected(known_ends(graph, Costs(bad=taken)), paid)
            even = expected(known_ends(graph), paid)
            yield Cell(
                "weighing",
                f"{searched} of {whole} commits change an input, c = {dear:g}",
                f"taken for {taken:.2f}: probes {ours.probes:.2f}, saves {1 - ours.cost / even.cost:.1%}",
                {"git's probes": f"{bounds.best_tree(whole):.2f}", "halving": f"{even.probes:.2f} probes"},
                "" if dear >= 4 else f"probes <= {bounds.best_tree(whole):.2f}",
            )
