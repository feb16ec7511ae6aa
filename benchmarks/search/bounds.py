"""Theoretical limits, for the columns next to the measured figures."""

from __future__ import annotations

import functools
import math

import numpy as np

from bisector.search import CommitGraph, Costs


def entropy(p: float) -> float:
    """Binary entropy in bits."""
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def capacity(false_bad: float, false_good: float) -> float:
    """Capacity in bits of a verdict that flips at these rates."""
    best = 0.0
    for share in np.linspace(0.01, 0.99, 99):
        looks_bad = share * (1 - false_good) + (1 - share) * false_bad
        spent = share * entropy(false_good) + (1 - share) * entropy(false_bad)
        best = max(best, entropy(float(looks_bad)) - spent)
    return best


def best_tree(size: int) -> float:
    """Mean depth of the most even binary tree with `size` leaves: the minimum for a search without noise."""
    depth = int(math.log2(size))
    return float(depth + 2 * (size - (1 << depth)) / size)


def noisy(size: int, p: float, delta: float = 0.01) -> float:
    """Burnashev and Zigangirov (1974), Gu and Xu (2023), for symmetric flips of known rate."""
    contrast = (1 - 2 * p) * math.log2((1 - p) / p)
    return (1 - delta) * math.log2(size) / capacity(p, p) + 2 * math.log2(1 / delta) / contrast


def dear_bad(size: int, cost: float) -> float:
    """log_r N with 1/r + 1/r^c = 1 (Kapoor and Reingold): probes whose bad outcome costs `cost` good ones."""
    low, high = 1.0 + 1e-9, 2.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / middle + middle**-cost > 1 else (low, middle)
    return math.log(size) / math.log(low)


def best_dear_tree(size: int, cost: float) -> float:
    """Mean cost of the cheapest binary tree with `size` leaves, whose bad branches cost `cost` good ones.

    It uses dynamic programming over every split, and is the optimum on a line. Leaves cannot be split, so it
    is above `dear_bad`.
    """
    total = np.zeros(size + 1)
    for leaves in range(2, size + 1):
        bad = np.arange(1, leaves)
        total[leaves] = float((total[bad] + total[leaves - bad] + cost * bad + (leaves - bad)).min())
    return float(total[size]) / size


def best_on_a_line(costs: Costs, size: int) -> float:
    """Mean cost of the cheapest search of a line whose commits have different build costs.

    It uses dynamic programming over every part of the line. The last commit is known to be bad.
    """
    builds = costs.building(size)[:-1]
    total = np.zeros((size + 1, size + 1))
    for length in range(2, size + 1):
        for start in range(size - length + 1):
            end = start + length
            split = np.arange(start + 1, end)
            bad = split - start
            paid = length * (builds[split - 1] + costs.good) + bad * (costs.bad - costs.good)
            total[start, end] = float((total[start, split] + total[split, end] + paid).min())
    return float(total[0, size]) / size


def best_of_all(graph: CommitGraph, dear: float) -> float:
    """Mean cost of the cheapest search of a small graph, by dynamic programming over its sets of suspects.

    The last commit is known to be bad.
    """
    reach = [sum(1 << int(c) for c in np.flatnonzero(graph.ancestors(v))) for v in range(len(graph))]

    @functools.cache
    def below(suspects: int) -> float:
        count = suspects.bit_count()
        if count == 1:
            return 0.0
        least = math.inf
        for bad in {suspects & mask for mask in reach} - {0, suspects}:
            good = suspects & ~bad
            paid = dear * bad.bit_count() + good.bit_count()
            if paid < least:
                least = min(least, paid + below(bad) + below(good))
        return least

    return below(reach[-1]) / reach[-1].bit_count()


def greedy_tree(graph: CommitGraph, dear: float = 1.0, paid: float | None = None) -> float:
    """Mean cost over every first bad commit if each probe has the most information per cost.

    Nothing is sampled: this is the average of git's rule (`dear` = 1: the most even split) on this graph.
    `paid` is the real cost of a bad probe (None: `dear`).
    """
    size = len(graph)
    contains = np.zeros((size, size), dtype=np.bool_)
    for commit, parents in enumerate(graph.parents):
        contains[commit] = contains[list(parents)].any(axis=0)
        contains[commit, commit] = True
    return _cost_below(contains, dear, dear if paid is None else paid, np.random.default_rng(0)) / size


def _cost_below(contains: np.ndarray, dear: float, paid: float, rng: np.random.Generator) -> float:
    """The sum of the costs over the suspects (columns) that probes (rows) separate."""
    suspects = contains.shape[1]
    if suspects == 1:
        return 0.0
    bad = contains.sum(axis=1)
    p = np.clip(bad / suspects, 1e-12, 1 - 1e-12)
    information = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    split = contains[int((information / (dear * p + 1 - p)).argmax())]
    spent = paid * split.sum() + (~split).sum()
    for side in (split, ~split):
        left = contains[:, side]
        # Rows that are equal on the remaining suspects are one probe. A random sum finds them.
        _, first = np.unique((left @ rng.random(left.shape[1])).round(9), return_index=True)
        spent += _cost_below(left[first], dear, paid, rng)
    return float(spent)
