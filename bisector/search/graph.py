"""The commit graph: candidates only, numbered so that parents come before children."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bisector.errors import UsageError

Mask = NDArray[np.bool_]


class CommitGraph:
    """The candidates of a hunt and their parents.

    `parents[v]` lists those parents of commit v that are candidates too. Leave out parents outside of the
    range (on the good side); a commit may have none. Merges with any number of parents and several roots are
    allowed. Raises `UsageError` for a graph that is empty or not in topological order.
    """

    def __init__(self, parents: Sequence[Sequence[int]]) -> None:
        if not parents:
            raise UsageError("the range has no commit: good and bad must be different commits")
        self.parents: list[tuple[int, ...]] = [tuple(row) for row in parents]
        for commit, row in enumerate(self.parents):
            if row and not (min(row) >= 0 and max(row) < commit):
                raise UsageError(
                    f"commit {commit} has the parents {list(row)}: parents must come before their children "
                    "and be numbered from 0 (leave out those outside the range)"
                )

    def __len__(self) -> int:
        return len(self.parents)

    def ancestors(self, commit: int) -> Mask:
        """Shape (N,): whether each commit is `commit` or an ancestor of it. For -1, none is."""
        reached = bytearray(len(self.parents))
        if commit >= 0:
            reached[commit] = 1
            parents = self.parents
            for v in range(commit, -1, -1):
                if reached[v]:
                    for parent in parents[v]:
                        reached[parent] = 1
        return np.frombuffer(reached, dtype=np.bool_)

    def children(self) -> list[list[int]]:
        """The children of each commit, in ascending order."""
        rows: list[list[int]] = [[] for _ in self.parents]
        for commit, row in enumerate(self.parents):
            for parent in row:
                rows[parent].append(commit)
        return rows
