"""Branches of a range that were merged: their commits are built on no commit of the other side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bisector.hunt.plan import Plan


def branches(plan: Plan) -> Iterator[tuple[str, str]]:
    """Where each parent of a merge left the history of the other parents, and that parent; oldest first.

    Only branches that left a commit of the range, or its good endpoint.
    """
    above = _Ancestors(plan)
    for merge in plan.every_candidate.ids:
        parents = [one for one in plan.parents[merge] if above.is_inside(one)]
        for tip in parents if len(parents) > 1 else ():
            others = above.of(one for one in parents if one != tip)
            own = above.of([tip]) - others
            bases = {one for commit in own for one in plan.parents[commit]} & others
            newest = [one for one in (*plan.every_candidate.ids[::-1], plan.good[0]) if one in bases]
            if own and newest:
                yield newest[0], tip


def segment(plan: Plan, base: str, tip: str) -> Sequence[str]:
    """The commits of `tip` that `base` does not contain, oldest first."""
    above = _Ancestors(plan)
    own = above.of([tip]) - above.of([base])
    return [commit for commit in plan.every_candidate.ids if commit in own]


class _Ancestors:
    """The ancestors of commits, within a range and its good endpoint."""

    def __init__(self, plan: Plan) -> None:
        self._parents = plan.parents
        self._inside = {*plan.every_candidate.ids, plan.good[0]}
        self._good = plan.good[0]

    def is_inside(self, commit: str) -> bool:
        """Whether the range has the commit, or begins with it."""
        return commit in self._inside

    def of(self, commits: Iterator[str] | Sequence[str]) -> set[str]:
        """These commits and all their ancestors."""
        found: set[str] = set()
        waiting = list(commits)
        while waiting:
            commit = waiting.pop()
            if commit in found or commit not in self._inside:
                continue
            found.add(commit)
            if commit != self._good:
                waiting += self._parents[commit]
        return found
