"""What is known about a hunt: its readings, and the commits known to be untestable without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bisector.predicate import Ending, Undecided, Untestable
from bisector.probe.fairness import OWN_TIMEOUT
from bisector.probe.reading import KnownUntestable, Reading, Role

_SAME_FAILURES = 3


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

        In the search, such a commit is left out until the other commits have been read. A commit is
        untestable if its test failed with the same exit code each time, at least `_SAME_FAILURES` times: a
        deadline that is missed for lack of a CPU is not missed every time.
        """
        undecided = [r for r in self.readings if isinstance(r.judgement, Undecided)]
        if not undecided:
            return self
        decided = {r.commit for r in self.readings if not isinstance(r.judgement, Undecided)}
        left = {r.commit for r in undecided} - decided
        failing = {commit for commit in left if _fails_alike([r for r in undecided if r.commit == commit])}
        kept = [
            replace(r, judgement=Untestable(r.judgement.why)) if r.commit in failing else r
            for r in self.readings
            if not isinstance(r.judgement, Undecided)
            or r.commit in failing
            or (r.role is Role.SEARCH and r.commit in left)
        ]
        return Known(tuple(kept), self.untestable)

    def in_order(self) -> Known:
        """A copy with the oldest reading first."""
        return Known(tuple(sorted(self.readings, key=lambda reading: reading.at)), self.untestable)

    def since(self, before: Known) -> list[Reading | KnownUntestable] | None:
        """What was added to `before`; None if this is not an extension of it."""
        read, failed = len(before.readings), len(before.untestable)
        if self.readings[:read] != before.readings or self.untestable[:failed] != before.untestable:
            return None
        return [*self.readings[read:], *self.untestable[failed:]]


def _fails_alike(readings: Sequence[Reading]) -> bool:
    """Whether the test failed in enough readings, each time with the same exit code of its own."""
    codes = {r.run.exit_code if r.run and r.run.ending is Ending.EXITED else None for r in readings}
    return len(readings) >= _SAME_FAILURES and len(codes) == 1 and not codes & {0, None, OWN_TIMEOUT}
