"""The rows of the report. Each makes the cells of one kind of hunt."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.search import bounds, peers
from benchmarks.search.cells import Bench, Cell, known_ends
from benchmarks.search.cost_rows import asynchronous, builds_at_hand, dear_bad, weighing
from benchmarks.search.git_rule import GitBisect
from benchmarks.search.histories import chain, descendants, untestable_runs
from benchmarks.search.peers import MakeProbe
from benchmarks.search.simulate import (
    Probe,
    Tally,
    Truth,
    drive,
    flips,
    is_right,
    timings,
    trials,
)
from benchmarks.search.untestable import untestable
from bisector.search import (
    Budget,
    CommitGraph,
    Exact,
    Flaky,
    Noise,
    Outcome,
    Rule,
    Search,
    Timing,
    Untestable,
)

SIZE = 1000
MOST_EXHAUSTED = 10_000
"""Up to this number of commits, every first bad commit is simulated."""


def noiseless(bench: Bench) -> Iterator[Cell]:
    """Verdicts without errors, endpoints known. First bad commits are evenly spaced, to reduce chance."""
    for name, graph in bench.graphs.items():
        probes, right, floor = [], 0, math.log2(len(graph))
        for trial in range(bench.count):
            rng = random.Random(trial)
            truth = int((trial + 0.5) * len(graph) / bench.count)
            search = known_ends(graph)
            probes.append(drive(search, flips(0, 0)(rng, descendants(graph, truth))))
            right += is_right(search, truth)
        others = {"log2 N": f"{floor:.2f}", "best tree": f"{bounds.best_tree(len(graph)):.2f}"}
        if len(graph) <= MOST_EXHAUSTED:
            others["git's rule, every culprit"] = f"{bounds.greedy_tree(graph):.2f}"
        yield Cell(
            "noiseless",
            name,
            f"mean {np.mean(probes):.2f}, max {max(probes)}, right {right / len(probes):.3f}",
            others,
            f"mean <= {floor + 0.05:.2f}, max <= {math.ceil(floor) + 1}",
        )


def fresh(
    graph: CommitGraph, noise: Noise, confidence: float = 0.99, stop: Rule | None = None
) -> Callable[[], Search]:
    """Creates searches without observations."""
    return lambda: Search(graph, noise, confidence, stop=stop)


def always(truth: Truth) -> Callable[[random.Random], Truth]:
    """The same first bad commit in every trial."""
    return lambda _: truth


def next_probe(bench: Bench) -> Iterator[Cell]:
    """Seconds to add a reading and choose the next commit, on the largest graph."""
    name, graph = max(bench.graphs.items(), key=lambda item: len(item[1]))
    models: list[tuple[str, Noise, MakeProbe]] = [
        ("exact", Exact(), flips(0, 0)),
        ("flaky", Flaky(), flips(0.1, 0.1)),
        ("timing", Timing(), timings(0.1, 1.3)),
    ]
    for label, noise, make in models:
        began = time.perf_counter()
        first = Search(CommitGraph(graph.parents), noise)
        first.propose()
        start = time.perf_counter() - began
        seconds = []
        for trial in range(3):
            rng = random.Random(trial)
            probe = make(rng, descendants(graph, rng.randrange(len(graph))))
            search = Search(graph, noise)
            while search.conclusion is None and len(search.observations) < 80:
                outcomes = [(commit, probe(commit)) for commit in search.propose()]
                began = time.perf_counter()
                for commit, outcome in outcomes:
                    search.observe(commit, outcome)
                search.propose()
                seconds.append(time.perf_counter() - began)
        yield Cell(
            "next probe",
            f"{name}, {label}",
            f"first {start * 1e3:.0f} ms, median {np.median(seconds) * 1e3:.0f}, "
            f"worst {max(seconds) * 1e3:.0f}",
            {},
            "first 800 ms, median 60, worst 250",
        )


def skips(bench: Bench) -> Iterator[Cell]:
    """Checkouts with untestable commits in runs of 5 to 15, next to git's rule."""
    for name, graph in bench.graphs.items():
        if len(graph) > 10_000:
            continue
        for share in (0.1, 0.3):
            ours, theirs, right, left, remained = [], [], 0, [], []
            for trial in range(max(20, bench.count // 3)):
                rng = random.Random(trial)
                broken = untestable_runs(graph, share, rng)
                truth = rng.randrange(len(graph))
                told = flips(0, 0)(rng, descendants(graph, truth))

                def probe(commit: int, broken: set[int] = broken, told: Probe = told) -> Outcome:
                    return Untestable() if commit in broken else told(commit)

                git = GitBisect(graph, len(graph) - 1)
                remained.append(len(git.run(probe)))
                theirs.append(git.checkouts)
                search = known_ends(graph)
                ours.append(drive(search, probe))
                right += is_right(search, truth)
                left.append(len(getattr(search.conclusion, "commits", [0])))
            yield Cell(
                "skips",
                f"{name}, {share:.0%}",
                f"{np.mean(ours):.1f} (max {max(ours)}), right {right / len(ours):.3f}, "
                f"set {np.mean(left):.1f}",
                {"git": f"{np.mean(theirs):.1f} (max {max(theirs)}), set {np.mean(remained):.1f}"},
                "<= 15.0" if share == 0.1 else "<= 25",
            )


def flips_known(bench: Bench) -> Iterator[Cell]:
    """Verdicts that flip at known rates."""
    graph = chain(SIZE)
    for p, wanted in ((0.01, 12.6), (0.05, 16), (0.1, 22), (0.2, 43)):
        make = flips(p, p)
        tally = trials(graph, 4 * bench.count, fresh(graph, Flaky(p, p)), make)
        few = max(20, bench.count // 5)
        others = {
            "bound": f"{bounds.noisy(SIZE, p):.1f}",
            "git": str(peers.git(graph, few, make)),
            "git, best of 5": str(peers.git(graph, few, make, best_of=5)),
        }
        yield Cell("flips, rates known", f"p = {p}", str(tally), others, f".99@{wanted}")


def flips_unknown(bench: Bench) -> Iterator[Cell]:
    """Verdicts that flip at unknown rates: anywhere, at either end, and with merges."""
    graph = chain(SIZE)
    for p, wanted in ((0.01, 18.5), (0.05, 25), (0.1, 35), (0.2, 80)):
        make = flips(p, p)
        tally = trials(graph, bench.count, fresh(graph, Flaky()), make)
        peer = peers.bayesect(SIZE, max(20, bench.count // 6), make, graph)
        others = {"bound (rates known)": f"{bounds.noisy(SIZE, p):.1f}", "git-bayesect": str(peer or "-")}
        yield Cell("flips, rates unknown", f"p = {p}", str(tally), others, f".99@{wanted}")
        for place, at in (("first", 0), ("last", SIZE - 1)):
            ends = trials(
                graph,
                max(20, bench.count // 3),
                fresh(graph, Flaky()),
                make,
                always(at),
            )
            yield Cell("flips, rates unknown", f"p = {p}, culprit {place}", str(ends), {}, ".99")
    name, merged = bench.merged()
    tally = trials(merged, bench.count, fresh(merged, Flaky()), flips(0.05, 0.05))
    yield Cell("flips, rates unknown", f"p = 0.05, {name}", str(tally), {}, ".99@27")


def one_sided(bench: Bench) -> Iterator[Cell]:
    """Good commits never fail, and bad ones pass half the time."""
    graph = chain(SIZE)
    bound = {"bound": "37.6"}
    flagged = trials(graph, bench.count, fresh(graph, Flaky(failure_is_real=True)), flips(0, 0.5))
    yield Cell("one-sided (0, .5)", "a failure is always real", str(flagged), bound, ".98@53")
    plain = trials(graph, bench.count, fresh(graph, Flaky()), flips(0, 0.5))
    yield Cell("one-sided (0, .5)", "nothing said", str(plain), bound, ".98@72")


TIMINGS = ((0.05, 1.5, 16), (0.1, 1.65, 16), (0.2, 2.0, 23), (0.1, 1.3, 34), (0.2, 1.5, 48))


def timing(bench: Bench) -> Iterator[Cell]:
    """Measured values with all parameters unknown. Runs of endpoints count."""
    graph = chain(SIZE)
    for tails, cases in (("outliers", TIMINGS[1:3]), ("t3", TIMINGS[1:3]), ("normal", TIMINGS)):
        count = bench.count if tails != "normal" else max(20, bench.count // 2)
        for spread, factor, wanted in cases:
            tally = trials(graph, count, fresh(graph, Timing()), timings(spread, factor, tails))
            case = f"sigma {spread}, f {factor} (d = {math.log(factor) / spread:.1f}), {tails}"
            yield Cell("timings", case, str(tally), {}, f".99@{wanted}" if tails == "normal" else ".97")


def rounds(bench: Bench) -> Iterator[Cell]:
    """Rounds of k probes at once."""
    name, graph = bench.merged()
    count = max(20, bench.count // 5)
    for k, wanted in ((1, ""), (2, "7.9"), (3, ""), (4, "5.6"), (7, ""), (8, "4.1")):
        exact = trials(graph, count, lambda: known_ends(graph), flips(0, 0), k=k)
        floor = math.log(len(graph)) / math.log(k + 1)
        yield Cell("rounds", f"{name}, k = {k}", str(exact), {"log_(k+1) N": f"{floor:.1f}"}, wanted)
        noisy = trials(graph, count, fresh(graph, Flaky(0.05, 0.05)), flips(0.05, 0.05), k=k)
        yield Cell("rounds", f"{name}, k = {k}, p = 0.05", str(noisy))


def null(bench: Bench) -> Iterator[Cell]:
    """Ranges without a regression."""
    graph = chain(SIZE)
    cases: list[tuple[str, Noise, MakeProbe]] = [("exact", Exact(), flips(0, 0))]
    cases += [(f"flaky, p = {p}", Flaky(), flips(p, p)) for p in (0.2, 0.1, 0.05, 0.01)]
    cases += [(f"timing, sigma {s}", Timing(), timings(s, 1.0)) for s in (0.05, 0.2)]
    for label, noise, make in cases:
        tally = trials(
            graph,
            max(20, bench.count // 3),
            fresh(graph, noise, stop=Budget(probes=600)),
            make,
            always(None),
        )
        yield Cell("null ranges", label, f"{tally}, max {max(tally.probes)}", {}, ".99, bounded")


def stated_confidence(bench: Bench) -> Tally:
    """Stated and actual correctness at several confidences, for the reliability plot."""
    graph = chain(200)
    every = Tally()
    for confidence in (0.6, 0.7, 0.8, 0.9, 0.95, 0.99):
        for noise, make in ((Flaky(), flips(0.1, 0.1)), (Timing(), timings(0.1, 1.3))):
            tally = trials(
                graph,
                bench.count,
                fresh(graph, noise, confidence),
                make,
            )
            every.stated += tally.stated
    return every


ROWS: dict[str, Callable[[Bench], Iterator[Cell]]] = {
    "noiseless": noiseless,
    "next-probe": next_probe,
    "skips": skips,
    "untestable": untestable,
    "flips-known": flips_known,
    "flips-unknown": flips_unknown,
    "one-sided": one_sided,
    "timings": timing,
    "rounds": rounds,
    "async": asynchronous,
    "dear-bad": dear_bad,
    "builds-at-hand": builds_at_hand,
    "weighing": weighing,
    "null": null,
}
