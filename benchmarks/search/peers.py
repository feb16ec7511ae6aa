"""Other tools: git's rule with noisy verdicts, and git-bayesect if it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import random
from collections.abc import Callable
from statistics import mode

import numpy as np

from benchmarks.search.git_rule import GitBisect
from benchmarks.search.histories import descendants
from benchmarks.search.simulate import Probe, Tally
from bisector.search import Bad, CommitGraph, Outcome

MakeProbe = Callable[[random.Random, np.ndarray], Probe]


def git(graph: CommitGraph, count: int, make: MakeProbe, best_of: int = 1) -> Tally:
    """`git bisect`, with each verdict the majority of `best_of` runs."""
    tally = Tally()
    for trial in range(count):
        rng = random.Random(trial)
        truth = rng.randrange(len(graph))
        probe = make(rng, descendants(graph, truth))
        runs = 0

        def voted(commit: int, probe: Probe = probe) -> Outcome:
            nonlocal runs
            votes: list[Outcome] = []
            while not votes or max(votes.count(v) for v in votes) <= best_of // 2:
                votes.append(probe(commit))
            runs += len(votes)
            return mode(votes)

        left = GitBisect(graph, len(graph) - 1).run(voted)
        tally.add(left == [truth], runs)
    return tally


def bayesect(size: int, count: int, make: MakeProbe, graph: CommitGraph) -> Tally | None:
    """git-bayesect's core on a chain, to .99. None if it is not installed."""
    if importlib.util.find_spec("git_bayesect") is None or importlib.util.find_spec("scipy") is None:
        return None
    core = importlib.import_module("git_bayesect")
    tally = Tally()
    for trial in range(count):
        rng = random.Random(trial)
        truth = rng.randrange(size)
        probe = make(rng, descendants(graph, truth))
        # Its index 0 is the newest commit. Its priors are the defaults (Jeffreys).
        peer = core.Bisector(np.ones(size))
        probes = 0
        while peer.distribution.max() < 0.99 and probes < 400:
            index = peer.select()
            peer.record(index, isinstance(probe(size - 1 - index), Bad))
            probes += 1
        tally.add(size - 1 - int(peer.distribution.argmax()) == truth, probes)
    return tally
