"""With which changes of the overlay commits were read, and which of them two commits do not share."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bisector.engine.slots import Slots
from bisector.hunt.ground import Ground
from bisector.hunt_file.overlay import Change, CherryPick, Edit
from bisector.probe.identity import Identity
from bisector.probe.overlay import applying
from bisector.probe.reading import Reading


class LaidOver:
    """The changes of the overlay with which `readings` were taken.

    Whether an optional change applies is found out by laying out the commit in a slot. Methods raise
    `InfrastructureFault` if git or the disk fails.
    """

    def __init__(self, ground: Ground, identity: Identity, readings: Sequence[Reading]) -> None:
        self._ground = ground
        self._identity = identity
        self._readings = readings
        self._overlay = ground.hunt.overlay
        self.of = functools.cache(self._of)
        """The positions in the overlay of the changes that a commit was read with."""

    @property
    def is_alike_everywhere(self) -> bool:
        """Whether every commit was read with all changes."""
        may_differ = any(one.optional and not self._lifts(one) for one in self._overlay)
        return self._identity.conditions.are_none and not may_differ

    def apart(self, commit: str, before: str) -> tuple[int, ...]:
        """The positions of the changes that only one of two commits was read with; `before` is the older."""
        here, there = self.of(commit), self.of(before)
        return tuple(
            at
            for at in sorted({*here} ^ {*there})
            if not self._is_part_of(at, commit, there) and not self._lifts(self._overlay[at])
        )

    def _lifts(self, change: Change) -> bool:
        """Whether the change lifts a deadline, which each commit may write in another way."""
        return isinstance(change, Edit) and change.edit in self._ground.lifts_deadlines_of

    def _of(self, commit: str) -> tuple[int, ...]:
        (every,) = self._identity.conditions.met_by([commit])
        needed = {r.fix_ups for r in self._readings if r.commit == commit and r.run is not None}
        named = {part for words in needed for part in words.split(" and ")}
        used = {at for at in every if self._identity.words([at]) in named}
        wanted = tuple(at for at in every if not self._overlay[at].is_fix_up or at in used)
        return self._applied(commit, wanted) if any(self._overlay[at].optional for at in wanted) else wanted

    def _applied(self, commit: str, wanted: Sequence[int]) -> tuple[int, ...]:
        """Those of the changes at these positions that apply to a commit."""
        with Slots(self._ground.scratch.slots, self._ground.repository) as slots:
            worktree = slots.take(commit).worktree
            worktree.checkout(commit, clean=True)
            changes = [self._overlay[at] for at in wanted]
            return tuple(wanted[at] for at in applying(changes, worktree, commit, self._identity.id_of))

    def _is_part_of(self, at: int, commit: str, of_before: Sequence[int]) -> bool:
        """Whether a change is only what `commit` itself contains, so that both have it."""
        change = self._overlay[at]
        if not isinstance(change, CherryPick) or at not in of_before:
            return False
        return self._ground.repository.contains(commit, self._identity.id_of(change.cherry_pick))
