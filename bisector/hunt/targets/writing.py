"""Writes the readings and conclusions of a hunt of several targets, each in its own row of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bisector.hunt.conclusion import BadIsGood, Conclusion, GoodIsBad, Inconclusive, NoRegression
from bisector.hunt.events import Listener
from bisector.hunt.journal import HuntRow, Journal
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.session import Session
from bisector.hunt.targets.missing import said_of, what_to_check
from bisector.probe.reading import Reading


@dataclass(frozen=True)
class Hunts:
    """The hunts of the targets by name, with their rows in the journal."""

    sessions: Mapping[str, Session]
    rows: Mapping[str, HuntRow]


class Writing:
    """Writes what a joint hunt finds to each target's row, and keeps what is `known` of each."""

    def __init__(
        self,
        journal: Journal,
        hunts: Hunts,
        known: Mapping[str, Known],
        plan: Plan,
        listener: Listener,
    ) -> None:
        self.known = dict(known)
        self._journal = journal
        self._hunts = hunts
        self._plan = plan
        self._listener = listener
        self._doubts: dict[type[Conclusion], str] = {}

    def record(self, found: Mapping[str, Reading]) -> None:
        """Write the readings of one run, all or none."""
        self._journal.add_all({self._hunts.rows[name].id: [reading] for name, reading in found.items()})
        for name, reading in found.items():
            self.known[name] = self.known[name].plus(reading)

    def conclude(self, target: str, conclusion: Conclusion) -> Conclusion:
        """Write how the hunt of a target ended."""
        ended = self._reviewed(target, conclusion)
        self._journal.conclude(self._hunts.rows[target].id, ended)
        return ended

    def _reviewed(self, target: str, conclusion: Conclusion) -> Conclusion:
        """The conclusion with what the machine and the history tell about it.

        Whether endpoints look alike because they share a file is asked once for each kind of conclusion.
        """
        session, known = self._hunts.sessions[target], self.known[target]
        hunt = session.ground.hunt
        check = what_to_check(hunt.test.command, is_script=not hunt.targets)
        conclusion = said_of(target, conclusion, known, self._plan, check)
        if not isinstance(conclusion, NoRegression | BadIsGood | GoodIsBad):
            return session.reviewed(conclusion, known.readings, self._listener) or conclusion
        kind = type(conclusion)
        if kind not in self._doubts:
            reviewed = session.reviewed(conclusion, known.readings, self._listener)
            self._doubts[kind] = reviewed.why if isinstance(reviewed, Inconclusive) else ""
        return Inconclusive(self._doubts[kind]) if self._doubts[kind] else conclusion
