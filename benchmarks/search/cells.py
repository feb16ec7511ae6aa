"""The input of every row of the report, and its output."""

from __future__ import annotations

from dataclasses import dataclass, field

from bisector.search import Bad, CommitGraph, Costs, Exact, Good, Search


@dataclass
class Cell:
    """One measured figure: the case, the result, the results of others, and the limit."""

    row: str
    case: str
    reached: str
    others: dict[str, str] = field(default_factory=dict)
    wanted: str = ""


@dataclass
class Bench:
    """The input of every row."""

    graphs: dict[str, CommitGraph]
    count: int

    def merged(self) -> tuple[str, CommitGraph]:
        """The graph for histories with merges: the smallest that has some."""
        with_merges = [i for i in self.graphs.items() if any(len(row) > 1 for row in i[1].parents)]
        return min(with_merges or list(self.graphs.items()), key=lambda item: len(item[1]))


def known_ends(graph: CommitGraph, costs: Costs | None = None) -> Search:
    """A search with both endpoints probed."""
    search = Search(graph, Exact(), costs=costs)
    search.observe(-1, Good())
    search.observe(len(graph) - 1, Bad())
    return search
