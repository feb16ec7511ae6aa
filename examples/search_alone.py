"""The search core alone: find the commit at which a flaky test began to fail.

The history is a list of parents; the probe here is made up, yours would check out and run something.
"""

from __future__ import annotations

import random

from bisector.search import Bad, CommitGraph, Flaky, Good, Search


def main() -> None:
    """Search a history of 1000 commits whose commit 617 broke the test; one verdict in ten is wrong."""
    rng = random.Random(1)
    graph = CommitGraph([[v - 1] if v else [] for v in range(1000)])
    search = Search(graph, noise=Flaky(), confidence=0.99)
    while search.conclusion is None:
        for commit in search.propose():
            looks_bad = (commit >= 617) != (rng.random() < 0.1)
            search.observe(commit, Bad() if looks_bad else Good())
    print(search.conclusion, "after", len(search.observations), "probes")


if __name__ == "__main__":
    main()
