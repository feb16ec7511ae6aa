"""The premise of a hunt for a fix, by verdicts: the old endpoint fails, the new one does not.

A test that fails only sometimes fails at the broken endpoint, whichever of the two is older. So the endpoints
are weighed as in a hunt for a regression, the fixed one as good, and the decision is read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bisector.hunt.conclusion import BadIsGood, GoodIsBad
from bisector.hunt.decide import premise
from bisector.hunt.decide.premise import Decision, MoreReadings
from bisector.hunt.plan import Plan
from bisector.probe.reading import Reading
from bisector.probe.turned import turned_round
from bisector.terms import Terms


def decide(plan: Plan, good: Sequence[Reading], bad: Sequence[Reading], *, doubted: bool) -> Decision:
    """The decision of any hunt: `premise.decide`, for verdicts on a fix by the endpoints' own sense."""
    terms = plan.terms
    if not terms.better or plan.ratio is not None or premise.untestable(good, bad, terms):
        return premise.decide(good, bad, plan.repeats, plan.ratio, doubted=doubted, terms=terms)
    found = premise.decide(
        _own(bad), _own(good), plan.repeats, None, doubted=doubted, terms=Terms(terms.new, terms.old)
    )
    if isinstance(found, MoreReadings):
        return MoreReadings(of_good=not found.of_good)
    return BadIsGood(found.why) if isinstance(found, GoodIsBad) else found


def _own(readings: Sequence[Reading]) -> list[Reading]:
    """The readings with the predicate's own judgements."""
    return [replace(reading, judgement=turned_round(reading.judgement)) for reading in readings]
