"""Which hypotheses make which commit bad, for all commits at once, without a traversal per merge.

One bit per hypothesis (or per particle drawn from the posterior); masks are Python integers, OR-ed along the
topological order. Commits that no hypothesis distinguishes share one node of a `View`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisector.search.graph import CommitGraph
from bisector.search.noise import Floats, Ints

EXACT_SUPPORT = 1024
"""Up to this many live hypotheses each has its own bit; beyond, this many particles represent them."""
KEPT = 4 * EXACT_SUPPORT
"""How many hypotheses a cached view distinguishes."""
SAMPLED_UP_TO = 0.9
"""If one hypothesis is likelier than this, too few particles would represent its rivals."""
FEWEST_EFFECTIVE = 400.0
"""Below this effective size, a new sample is drawn."""
DROPPED = 3e-3
"""Maximum posterior mass that the *choice* of a probe may ignore (the posterior itself ignores none)."""
DROPPED_OF_DOUBT = 0.1
"""And at most this share of the doubt that a conclusion allows, or no probe would be left to ask for."""


@dataclass(frozen=True, slots=True)
class View:
    """A graph in which commits that the kept hypotheses do not distinguish are one node."""

    parents: list[tuple[int, ...]]
    """Parents of each node, as nodes."""
    of: Ints
    """Shape (N,): the node of each commit; -1 if no kept hypothesis makes it bad."""
    first: list[int]
    """The lowest commit of each node."""


def full_view(graph: CommitGraph) -> View:
    """The view in which every commit is its own node."""
    size = len(graph)
    return View(graph.parents, np.arange(size), list(range(size)))


def shrink(view: View, own: dict[int, int]) -> tuple[View, list[int]]:
    """Merge nodes of equal reach; `own` maps nodes of hypotheses to their bits. Also returns the masks."""
    place: list[int] = []
    masks = [0]
    parents: list[tuple[int, ...]] = [()]
    first = [-1]
    bits = [0] * len(view.parents)
    for node, bit in own.items():
        bits[node] = bit
    # This loop is the main cost of a choice: it runs once per node, so it makes few calls.
    for node, row in enumerate(view.parents):
        bit = bits[node]
        if len(row) == 1:
            at = place[row[0]]
            above: tuple[int, ...] = (at,)
            mask = masks[at]
        else:
            above = tuple({place[parent] for parent in row})
            at = above[0] if above else 0
            mask = masks[at]
            if len(above) > 1:
                for tip in above:
                    mask |= masks[tip]
                at = min((tip for tip in above if masks[tip] == mask), default=at)
        if bit or mask != masks[at]:
            at = len(masks)
            masks.append(mask | bit)
            parents.append(above)
            first.append(view.first[node])
        place.append(at)
    moved = np.array([*place, 0], dtype=np.int64) - 1
    shifted = [tuple([at - 1 for at in row if at]) for row in parents[1:]]
    return View(shifted, moved[view.of], first[1:]), masks[1:]


@dataclass(frozen=True, slots=True)
class Reach:
    """The weighted hypotheses that a choice considers, and which of them make each node bad."""

    view: View
    masks: list[int]
    support: Ints
    """The hypothesis behind each bit."""
    weight: Floats
    """The posterior mass of each bit; sums to 1 with `no_regression`."""
    no_regression: float
    equal: bool
    """Whether all bits have the same weight (particles)."""

    def rows(self, nodes: Ints) -> Floats:
        """Shape (len(nodes), bits): 1.0 if the hypothesis makes the node bad."""
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
        """Sums of `values` (bits, J) over the hypotheses that make each node bad: (len(nodes), J).

        In a line of commits, the hypotheses that make a node bad are the first of all; then a running sum
        serves every node, without a matrix of nodes times bits.
        """
        sums = np.zeros((len(nodes), values.shape[1]))
        first = np.array([_first_bits(self.masks[node]) for node in nodes.tolist()], dtype=np.int64)
        running = np.cumsum(values, axis=0)
        sums[first > 0] = running[first[first > 0] - 1]
        others = np.flatnonzero(first < 0)
        for start in range(0, len(others), 512):
            some = others[start : start + 512]
            sums[some] = self.rows(nodes[some]) @ values
        return sums


def _first_bits(mask: int) -> int:
    """How many bits are set if they are the lowest ones; else -1."""
    count = mask.bit_count()
    return count if count == mask.bit_length() else -1


class Reacher:
    """Computes the `Reach` of a posterior; reuses a small view as long as possible.

    The view covers a set of hypotheses: the likeliest ones, or, while too many are likely, a sample of an
    earlier posterior. Later posteriors reweight the sample (importance sampling) until its effective size is
    too small.
    """

    def __init__(self, graph: CommitGraph, seed: int) -> None:
        self._full = full_view(graph)
        self._view = self._full
        self._kept = np.zeros(len(graph), dtype=np.bool_)
        self._drawn: Ints = np.zeros(0, dtype=np.int64)
        self._drawn_at: Floats = np.zeros(0)
        self._view_of_sample: Ints | None = None
        self._offset = float(np.random.default_rng(seed).random())

    def follow(self, posterior: Floats) -> None:
        """Draw a new sample if the posterior has moved too far from it.

        Call this after every observation, so that the sample depends only on the observations.
        """
        weight = posterior[:-1]
        if len(weight) <= EXACT_SUPPORT:
            return
        ratio = weight[self._drawn] / self._drawn_at
        # Kish's effective sample size.
        if ratio.sum() ** 2 <= FEWEST_EFFECTIVE * (ratio**2).sum():
            self._drawn = np.sort(_systematic(weight, KEPT, self._offset))
            self._drawn_at = weight[self._drawn]

    def of(self, posterior: Floats, doubt: float) -> Reach:
        """The reach of the likeliest hypotheses of a posterior (N + 1,).

        `doubt`: the error probability that a conclusion allows; 0 if it must be certain.
        """
        weight, none = posterior[:-1], float(posterior[-1])
        live = likeliest(weight, min(DROPPED, DROPPED_OF_DOUBT * doubt) * (1 - none))
        if len(live) > EXACT_SUPPORT and weight.max() > SAMPLED_UP_TO * weight.sum():
            live = np.sort(np.argsort(-weight, kind="stable")[:EXACT_SUPPORT])
        if len(live) > EXACT_SUPPORT:
            return self._sampled(weight, none)
        if not self._kept[live].all():
            self._keep(np.argsort(-weight, kind="stable")[:KEPT])
            self._view_of_sample = None
        own = {node: 1 << i for i, node in enumerate(self._view.of[live].tolist())}
        view, masks = shrink(self._view, own)
        mass = weight[live] * ((1 - none) / max(float(weight[live].sum()), 1e-300))
        return Reach(view, masks, live, mass, none, equal=False)

    def _sampled(self, weight: Floats, none: float) -> Reach:
        if self._view_of_sample is not self._drawn:
            self._keep(np.unique(self._drawn))
            self._view_of_sample = self._drawn
        ratio = weight[self._drawn] / self._drawn_at
        drawn = self._drawn[_systematic(ratio, EXACT_SUPPORT, self._offset)]
        own: dict[int, int] = {}
        for i, node in enumerate(self._view.of[drawn].tolist()):
            own[node] = own.get(node, 0) | 1 << i
        view, masks = shrink(self._view, own)
        each = np.full(EXACT_SUPPORT, (1 - none) / EXACT_SUPPORT)
        return Reach(view, masks, drawn, each, none, equal=True)

    def _keep(self, kept: Ints) -> None:
        own = {commit: 1 << i for i, commit in enumerate(np.sort(kept).tolist())}
        self._view, _ = shrink(self._full, own)
        self._kept = np.zeros(len(self._kept), dtype=np.bool_)
        self._kept[kept] = True


def _systematic(weight: Floats, count: int, offset: float) -> Ints:
    """`count` indices, drawn evenly along the cumulative weights, in ascending order."""
    total = np.cumsum(weight)
    at = (np.arange(count) + offset) / count * total[-1]
    places: Ints = np.minimum(np.searchsorted(total, at, side="right"), len(weight) - 1)
    return places


def likeliest(weight: Floats, dropped: float) -> Ints:
    """The fewest hypotheses (in ascending order) that omit at most the mass `dropped`."""
    positive = np.flatnonzero(weight > 0)
    order = positive[np.argsort(weight[positive], kind="stable")]
    cut = int(np.searchsorted(np.cumsum(weight[order]), dropped, side="left"))
    return np.sort(order[min(cut, max(len(order) - 1, 0)) :])
