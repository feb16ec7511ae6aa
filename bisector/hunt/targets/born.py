"""Finds where targets begin that good does not have, and keeps it in the journal for later starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bisector.hunt.conclusion import Conclusion, Inconclusive
from bisector.hunt.events import Listener, Noted
from bisector.hunt.journal import Journal
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.targets.birth import Birth, births, is_young
from bisector.hunt.targets.driving import Take
from bisector.hunt.targets.record import TargetRecord, TargetsRecord
from bisector.hunt.targets.writing import Hunts

BORN = "targets born"
"""The journal's name for where targets begin that good does not have."""


@dataclass(frozen=True)
class Born:
    """The targets of the joint hunt `key` that good does not have, and where they begin."""

    journal: Journal
    key: str
    plan: Plan
    hunts: Hunts

    def found(self) -> dict[str, Birth]:
        """What this or an earlier start found.

        Only of targets that good still does not have, as their own readings tell.
        """
        documents = [one.document for one in self.journal.results(BORN, self.key)]
        found = {one["target"]: Birth(**one) for one in documents}
        return {name: one for name, one in found.items() if name in self.hunts.rows and self._is_young(name)}

    def search(
        self,
        over: Mapping[str, Conclusion],
        known: Mapping[str, Known],
        take: Take,
        spent: Callable[[], bool],
        listener: Listener,
    ) -> None:
        """Search where those of the targets that are `over` begin that good does not have."""
        young = {name: known[name] for name, found in over.items() if is_young(found, known[name], self.plan)}
        if not young:
            return
        listener(Noted(f"good has no result of {', '.join(young)}: searching the commits that do"))
        for one in births(self.plan, young, take, spent).values():
            self.journal.add_result(BORN, self.key, one.document())

    def told(
        self, targets: Mapping[str, TargetRecord], born: Mapping[str, Birth], later: Sequence[TargetsRecord]
    ) -> list[TargetRecord]:
        """The targets, with what is said of those `born` later, and what their `later` hunts found."""
        told = dict(targets)
        for name, one in born.items():
            if one.why:
                told[name] = replace(told[name], conclusion=Inconclusive(one.why))
        for record in later:
            for own in record.targets:
                told[own.target] = replace(own, readings=(*told[own.target].readings, *own.readings))
        return list(told.values())

    def _is_young(self, name: str) -> bool:
        row = self.journal.find(self.hunts.rows[name].key) or self.hunts.rows[name]
        return is_young(row.conclusion, self.hunts.sessions[name].known(self.journal, row), self.plan)


def starts_of(born: Mapping[str, Birth]) -> dict[str, tuple[str, ...]]:
    """The targets to hunt from each commit at which they pass."""
    starts: dict[str, tuple[str, ...]] = {}
    for one in born.values():
        if one.good:
            starts[one.good] = (*starts.get(one.good, ()), one.target)
    return starts
