"""A sample history: commits with their changes, their files, and the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bisector.demo.edits import Change, Files, apply_all
from bisector.demo.guests import FIRST_TESTS, GUESTS, script
from bisector.demo.shape import Commit, Kind
from bisector.demo.sources import base_files, with_tests


@dataclass(frozen=True)
class History:
    """Commits with their changes, and the indices of the causes (usually one)."""

    commits: list[Commit]
    changes: list[Change]
    states: list[frozenset[int]]
    """For each commit the indices of the changes in its tree."""
    culprits: tuple[int, ...]
    baseline: int
    workload: int

    def bad(self, index: int) -> bool:
        """Whether the commit's tree has the whole cause."""
        return bool(self.culprits) and all(c in self.states[index] for c in self.culprits)

    def files(self, index: int, *, fixed: bool = False) -> Files:
        """The commit's tree; `fixed` removes the causes and restores the original watchdogs."""
        state = self.states[index]
        if fixed:
            bumps = {i for i, change in enumerate(self.changes) if change.watchdog}
            state = state - {*self.culprits, *bumps}
        mended = {c.breaks for c in self.commits if c.kind is Kind.MEND and c.index in state}
        present = [self.changes[i] for i in sorted(state) if i not in mended]
        files = base_files(self.workload)
        for change in present:
            apply_all(change.edits, files)
        seconds = max((change.watchdog for change in present), default=0)
        if seconds:
            path = script("tcl")
            files[path] = files[path].replace("timeout 180", f"timeout {seconds}")
        return with_tests(files, _totals(present))

    def first_bad(self) -> list[int]:
        """Bad commits all of whose parents are good: exactly one in a history with a cause."""
        return [
            c.index for c in self.commits if self.bad(c.index) and not any(self.bad(p) for p in c.parents)
        ]

    def any_of(self) -> list[int]:
        """The result of `git bisect`: commits that no testable commit can tell apart."""
        testable = [c.index for c in self.commits if not c.broken]
        innocent: set[int] = set()
        for i in testable:
            if not self.bad(i):
                innocent |= self.states[i]
        suspects = set(range(len(self.commits))) - innocent
        for i in testable:
            if self.bad(i):
                suspects &= self.states[i]
        return sorted(suspects) if self.culprits else []


def _totals(changes: Iterable[Change]) -> dict[str, int]:
    totals = dict.fromkeys(GUESTS, FIRST_TESTS)
    for change in changes:
        if change.grow:
            guest, tests = change.grow
            totals[guest] += tests
    return totals
