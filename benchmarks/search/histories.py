"""Histories to search: stored graphs, any repository, or generated like git's own."""

from __future__ import annotations

import gzip
import random
import subprocess
from pathlib import Path

import numpy as np

from bisector.search import CommitGraph


def chain(size: int) -> CommitGraph:
    """A history without merges."""
    return CommitGraph([[v - 1] if v else [] for v in range(size)])


def stored(path: Path) -> CommitGraph:
    """A graph from a `.tsv.gz` file: index, parents (comma-separated), id; parents first."""
    parents = []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = line.rstrip("\n").split("\t")[1]
            parents.append([int(index) for index in row.split(",") if index])
    return CommitGraph(parents)


def of_repository(repository: Path) -> CommitGraph:
    """All commits that are reachable from HEAD in a repository."""
    command = ["git", "-C", str(repository), "rev-list", "--topo-order", "--reverse", "--parents", "HEAD"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    place = {line.split()[0]: index for index, line in enumerate(lines)}
    return CommitGraph([[place[p] for p in line.split()[1:] if p in place] for line in lines])


def like_git(size: int, seed: int = 0, merge_share: float = 0.27) -> CommitGraph:
    """A trunk into which topic branches of a few commits are merged, some of them long-lived."""
    rng = random.Random(seed)
    parents: list[list[int]] = [[]]
    trunk, topics = 0, list[int]()
    while len(parents) < size:
        here = len(parents)
        if topics and rng.random() < merge_share:
            topic = topics.pop(rng.randrange(len(topics)))
            parents.append([trunk, topic])
            trunk = here
        elif topics and rng.random() < 0.6:
            at = rng.randrange(len(topics))
            parents.append([topics[at]])
            topics[at] = here
        else:
            parents.append([max(0, trunk - rng.randrange(20)) if rng.random() < 0.3 else trunk])
            topics.append(here)
    for topic in topics[:-1]:
        parents[-1] = sorted({*parents[-1], topic} - {len(parents) - 1})
    return CommitGraph(parents)


def graphs(sources: list[Path]) -> dict[str, CommitGraph]:
    """The graphs to measure: folders of stored graphs, repositories, or else generated ones."""
    found: dict[str, CommitGraph] = {}
    for source in sources:
        files = sorted(source.glob("*.tsv.gz"))
        for file in files:
            found[file.name.removesuffix(".tsv.gz")] = stored(file)
        if not files:
            found[source.resolve().name] = of_repository(source)
    if not found:
        found = {"like-git-2000": like_git(2000, 1), "like-git-8000": like_git(8000, 2)}
    return found


def descendants(graph: CommitGraph, first_bad: int | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Shape (N,): which commits are bad if `first_bad` is the first bad one (None: no commit is bad)."""
    bad = bytearray(len(graph))
    if first_bad is not None:
        bad[first_bad] = 1
        for commit in range(first_bad + 1, len(graph)):
            bad[commit] = any(bad[parent] for parent in graph.parents[commit])
    return np.frombuffer(bad, dtype=np.bool_)


def untestable_runs(graph: CommitGraph, share: float, rng: random.Random) -> set[int]:
    """Untestable commits in runs of 5 to 15 along parents, except the endpoints."""
    broken: set[int] = set()
    last = len(graph) - 1
    while len(broken) < share * len(graph):
        commit = rng.randrange(len(graph))
        for _ in range(rng.randint(5, 15)):
            if commit != last:
                broken.add(commit)
            if not graph.parents[commit]:
                break
            commit = rng.choice(graph.parents[commit])
    return broken


def untestable_stretches(size: int, share: float, stretches: int, rng: random.Random) -> set[int]:
    """Untestable commits in so many runs of equal length in topological order, except the last commit."""
    length = max(1, int(share * (size - 1)) // stretches)
    free = size - 1 - length * stretches
    starts = sorted(rng.randint(0, free) for _ in range(stretches))
    return {start + i * length + at for i, start in enumerate(starts) for at in range(length)}


def left_over(graph: CommitGraph, first_bad: int, broken: set[int]) -> list[int]:
    """The exact set that readings of all testable commits leave, as `git bisect` would print it."""
    left = np.ones(len(graph), dtype=np.bool_)
    bad = descendants(graph, first_bad)
    for commit in range(len(graph)):
        if commit not in broken:
            reached = graph.ancestors(commit)
            left &= reached if bad[commit] else ~reached
    return np.flatnonzero(left).tolist()
