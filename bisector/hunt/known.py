"""What is known about a hunt: its readings, and the commits known to be untestable without one."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.predicate import Undecided
from bisector.probe.reading import KnownUntestable, Reading, Role


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a decision may use. The order of the readings has no meaning."""

    readings: tuple[Reading, ...] = ()
    untestable: tuple[KnownUntestable, ...] = ()

    def of(self, commit: str, role: Role | None = None) -> list[Reading]:
        """The readings of one commit, optionally of one role only."""
        return [r for r in self.readings if r.commit == commit and role in (None, r.role)]

    def plus(self, *found: Reading | KnownUntestable) -> Known:
        """A copy with more facts."""
        readings = tuple(one for one in found if isinstance(one, Reading))
        untestable = tuple(one for one in found if isinstance(one, KnownUntestable))
        return Known((*self.readings, *readings), (*self.untestable, *untestable))

    def without(self, *roles: Role) -> Known:
        """A copy without the readings of these roles."""
        return Known(tuple(r for r in self.readings if r.role not in roles), self.untestable)

    def settled(self) -> Known:
        """A copy without the readings that a busy machine left undecided, since they are taken again.

        In the search, such a commit is left out until the other commits have been read.
        """
        decided = {r.commit for r in self.readings if not isinstance(r.judgement, Undecided)}
        kept = [
            r
            for r in self.readings
            if not isinstance(r.judgement, Undecided) or (r.role is Role.SEARCH and r.commit not in decided)
        ]
        return self if len(kept) == len(self.readings) else Known(tuple(kept), self.untestable)

    def in_order(self) -> Known:
        """A copy with the oldest reading first."""
        return Known(tuple(sorted(self.readings, key=lambda reading: reading.at)), self.untestable)

    def since(self, before: Known) -> list[Reading | KnownUntestable] | None:
        """What was added to `before`; None if this is not an extension of it."""
        read, failed = len(before.readings), len(before.untestable)
        if self.readings[:read] != before.readings or self.untestable[:failed] != before.untestable:
            return None
        return [*self.readings[read:], *self.untestable[failed:]]
