"""Which hypotheses make which commit bad, for all commits at once, without a traversal per merge.

One bit a hypothesis (or a particle drawn from the posterior), masks as Python integers OR-ed along the
topological order. Commits that nothing tells apart share one node of a `View`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.graph import CommitGraph
from bisector.search.noise import Floats, Ints

EXACT_SUPPORT = 1024
"""Up to so many live hypotheses each has its own bit; beyond, as many particles stand for them."""
KEPT = 4 * EXACT_SUPPORT
"""How many of the likeliest hypotheses a cached view tells apart."""
DROPPED = 1e-3
"""Posterior mass that the *choice* of a probe may ignore (the posterior itself never does)."""


@dataclass(frozen=True, slots=True)
class View:
    """A graph in which commits that the kept hypotheses cannot tell apart are one node."""

    parents: list[tuple[int, ...]]
    """Parents of each node, as nodes."""
    of: Ints
    """Shape (N,): the node of each commit; -1 where no kept hypothesis makes it bad."""
    first: list[int]
    """The lowest commit of each node."""


def full_view(graph: CommitGraph) -> View:
    """The view in which every commit is a node of its own."""
    size = len(graph)
    return View(graph.parents, np.arange(size), list(range(size)))


def shrink(view: View, own: dict[int, int]) -> tuple[View, list[int]]:
    """Merge nodes of equal reach; `own` gives hypotheses (by node) their bits. Returns the masks as well."""
    place: list[int] = []
    masks = [0]
    parents: list[tuple[int, ...]] = [()]
    first = [-1]
    bits = own.get
    above: tuple[int, ...]
    for node, row in enumerate(view.parents):
        bit = bits(node, 0)
        if len(row) == 1:
            at = place[row[0]]
            if not bit:
                place.append(at)
                continue
            mask, above = masks[at] | bit, (at,) if at else ()
        else:
            above = tuple({place[parent] for parent in row} - {0})
            mask = bit
            for at in above:
                mask |= masks[at]
            same = [at for at in above if masks[at] == mask] if not bit else []
            if same or not mask:
                place.append(same[0] if same else 0)
                continue
        place.append(len(masks))
        masks.append(mask)
        parents.append(above)
        first.append(view.first[node])
    moved = np.array([*place, 0], dtype=np.int64) - 1
    shifted = [tuple(at - 1 for at in row) for row in parents[1:]]
    return View(shifted, moved[view.of], first[1:]), masks[1:]


@dataclass(frozen=True, slots=True)
class Reach:
    """The weighted hypotheses that a choice looks at, and which of them each node contains."""

    view: View
    masks: list[int]
    support: Ints
    """The hypothesis behind each bit."""
    weight: Floats
    """The posterior mass behind each bit; with `no_regression` sums to 1."""
    no_regression: float
    equal: bool
    """Whether all bits weigh the same (particles)."""

    def rows(self, nodes: Ints) -> Floats:
        """Shape (len(nodes), bits): 1.0 where the hypothesis makes the node bad."""
        width = (len(self.support) + 7) // 8
        raw = b"".join([self.masks[node].to_bytes(width, "little") for node in nodes.tolist()])
        packed = np.frombuffer(raw, dtype=np.uint8).reshape(len(nodes), width)
        bits = np.unpackbits(packed, axis=1, count=len(self.support), bitorder="little")
        return bits.astype(np.float64)

    def p_bad(self) -> Floats:
        """Shape (nodes,): probability that each node is bad."""
        if self.equal:
            counts = np.array([mask.bit_count() for mask in self.masks], dtype=np.float64)
            by_count: Floats = counts * self.weight[0]
            return by_count
        return self.project(np.arange(len(self.masks)), self.weight[:, None])[:, 0]

    def project(self, nodes: Ints, values: Floats) -> Floats:
        """Sums of `values` (bits, J) over the hypotheses that make each node bad: (len(nodes), J)."""
        sums = np.zeros((len(nodes), values.shape[1]))
        for start in range(0, len(nodes), 512):
            sums[start : start + 512] = self.rows(nodes[start : start + 512]) @ values
        return sums


class Reacher:
    """Makes the `Reach` of a posterior; keeps a small view while the same hypotheses stay likely."""

    def __init__(self, graph: CommitGraph, seed: int) -> None:
        self._full = full_view(graph)
        self._view = self._full
        self._kept = np.ones(len(graph), dtype=np.bool_)
        self._offset = float(np.random.default_rng(seed).random())

    def of(self, posterior: Floats) -> Reach:
        """The reach of the likeliest hypotheses of a posterior (N + 1,)."""
        weight, none = posterior[:-1], float(posterior[-1])
        live = likeliest(weight, DROPPED * (1 - none))
        if len(live) > EXACT_SUPPORT:
            return self._sampled(weight, none)
        if (len(live) and not self._kept[live].all()) or len(self._view.parents) > 2 * KEPT:
            self._keep(weight)
        own = dict(zip(self._view.of[live].tolist(), (1 << i for i in range(len(live))), strict=True))
        view, masks = shrink(self._view, own)
        mass = weight[live] * ((1 - none) / max(float(weight[live].sum()), 1e-300))
        return Reach(view, masks, live, mass, none, equal=False)

    def _sampled(self, weight: Floats, none: float) -> Reach:
        count = EXACT_SUPPORT
        total = np.cumsum(weight)
        at = (np.arange(count) + self._offset) / count * total[-1]
        drawn = np.minimum(np.searchsorted(total, at, side="right"), len(weight) - 1)
        own: dict[int, int] = {}
        for i, hypothesis in enumerate(drawn.tolist()):
            own[hypothesis] = own.get(hypothesis, 0) | 1 << i
        view, masks = shrink(self._full, own)
        return Reach(view, masks, drawn, np.full(count, (1 - none) / count), none, equal=True)

    def _keep(self, weight: Floats) -> None:
        top = np.sort(np.argsort(-weight, kind="stable")[:KEPT])
        own = {commit: 1 << i for i, commit in enumerate(top.tolist())}
        self._view, _ = shrink(self._full, own)
        self._kept = np.zeros(len(weight), dtype=np.bool_)
        self._kept[top] = True


def likeliest(weight: Floats, dropped: float) -> Ints:
    """The fewest hypotheses (in rising order) that leave at most the mass `dropped` out."""
    positive = np.flatnonzero(weight > 0)
    order = positive[np.argsort(weight[positive], kind="stable")]
    cut = int(np.searchsorted(np.cumsum(weight[order]), dropped, side="left"))
    return np.sort(order[min(cut, max(len(order) - 1, 0)) :])
