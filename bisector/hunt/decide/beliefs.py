"""The belief as readings arrive: which readings count, also after a failed confirmation."""

from __future__ import annotations

from dataclasses import replace

from bisector import search as core
from bisector.hunt.decide import distrust
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.branches import in_scope, narrowed
from bisector.hunt.decide.confirm import Answer
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Role

_Kind = tuple[bool, bool, bool, frozenset[str] | None]
"""Whether confirmations count, shortcuts are voided, endpoints were misled; what is left out."""


class Beliefs:
    """The belief of one hunt; extends the previous belief if that gives the same result."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._before: dict[_Kind, tuple[Known, Belief]] = {}

    def of(self, known: Known) -> Belief:
        """The belief that follows from `known`.

        Confirmation runs count once the search has an answer, or once verdicts are known to err; before that
        they only check the search's assumptions. If they contradict these, or the readings that misled the
        search are repeated, the search drops its assumptions.
        """
        plan = in_scope(self._plan, known)
        out = plan.left_out if plan.scoped else None
        misled = distrust.is_due(plan, known.readings)
        if misled:
            known = replace(known, readings=tuple(distrust.trusted(known.readings)))
        if any(reading.role is Role.SEARCH and reading.about for reading in known.readings):
            return self._grown(known, (True, True, misled, out))
        searched = self._grown(known.without(Role.CONFIRMATION), (False, False, misled, out))
        found = searched.conclusion
        if searched.trust.exact and not isinstance(found, core.FirstBad | core.AnyOf):
            return searched
        if searched.trust.exact and isinstance(found, core.FirstBad | core.AnyOf):
            answer = Answer.of(plan, searched, found, known.readings)
            if plan.ratio is None and answer.is_contradicted(known.readings):
                return self._grown(known, (True, True, misled, out))
        return self._grown(known, (True, False, misled, out))

    def _grown(self, known: Known, kind: _Kind) -> Belief:
        before, belief = self._before.get(kind, (None, None))
        new = known.since(before) if before is not None else None
        if belief is not None and new and not any(_weighs_all_anew(one) for one in new):
            belief.observe(*new)
        if belief is None or new is None or any(map(_weighs_all_anew, new)) or belief.contradicts:
            belief = self._anew(known, kind)
        self._before[kind] = (known, belief)
        return belief

    def _anew(self, known: Known, kind: _Kind) -> Belief:
        _, voided, misled, out = kind
        plan = self._plan if out is None else narrowed(self._plan, out)
        plan = replace(plan, candidates=plan.every_candidate) if misled else plan
        return Belief(plan, known, voided=voided)


def _weighs_all_anew(found: object) -> bool:
    """Whether this changes more than probabilities: endpoint runs determine the noise model and the prior."""
    return getattr(found, "role", None) is Role.PREMISE
