"""What is known of a hunt: its readings, and the commits that it knows to be untestable without one."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.probe.reading import KnownUntestable, Reading, Role


@dataclass(frozen=True, slots=True)
class Known:
    """All that a decision may rest on. The order of the readings means nothing."""

    readings: tuple[Reading, ...] = ()
    untestable: tuple[KnownUntestable, ...] = ()

    def of(self, commit: str, role: Role | None = None) -> list[Reading]:
        """The readings of one commit; those of one role only where it is given."""
        return [r for r in self.readings if r.commit == commit and role in (None, r.role)]

    def plus(self, *found: Reading | KnownUntestable) -> Known:
        """The same with more."""
        readings = tuple(one for one in found if isinstance(one, Reading))
        untestable = tuple(one for one in found if isinstance(one, KnownUntestable))
        return Known((*self.readings, *readings), (*self.untestable, *untestable))

    def without(self, *roles: Role) -> Known:
        """The same without the readings of these roles."""
        return Known(tuple(r for r in self.readings if r.role not in roles), self.untestable)

    def in_order(self) -> Known:
        """The same, oldest reading first, whatever order it came in."""
        return Known(tuple(sorted(self.readings, key=lambda reading: reading.at)), self.untestable)

    def since(self, before: Known) -> list[Reading | KnownUntestable] | None:
        """What was added to `before`; None where that is not how this came about."""
        read, failed = len(before.readings), len(before.untestable)
        if self.readings[:read] != before.readings or self.untestable[:failed] != before.untestable:
            return None
        return [*self.readings[read:], *self.untestable[failed:]]
