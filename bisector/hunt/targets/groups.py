"""Targets with the same readings: one decision serves all of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Conclude, Read, Step
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request

_TELLS = 0.01
"""Bits from which a run that another target wants is also judged for this one."""
_ENOUGH = 0.5
"""A run also tells enough if it tells this share of what the best commit would."""


@dataclass(frozen=True)
class Group:
    """Open targets whose readings were judged alike, with the step that the hunt of each would take."""

    targets: tuple[str, ...]
    known: Known
    decider: Decider
    step: Step
    worth: Mapping[str, tuple[float, float]]
    """Of each commit that may be read next: bits and expected cost; empty if the search may not choose."""

    @functools.cached_property
    def most_told(self) -> float:
        """The bits of the commit that tells this search most."""
        return max((bits for bits, _ in self.worth.values()), default=0.0)

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the hunt of each of these targets asks for now."""
        return self.step.requests if isinstance(self.step, Read) else ()

    @property
    def needs_clean(self) -> bool:
        """Whether this hunt reads clean builds only."""
        return any(request.clean for request in self.requests)

    def served_by(self, commit: str, against: str, *, clean: bool) -> Request | None:
        """The request of this group that a run of `commit` answers; None if it tells nothing."""
        if not self.worth:
            return next(
                (one for one in self.requests if is_answered(one, commit, against, clean=clean)), None
            )
        (first, *_) = self.requests
        told = self.worth.get(commit, (0.0, 0.0))[0]
        tells = told > 0 and told >= min(_TELLS, _ENOUGH * self.most_told)
        if not tells or first.against != against or (self.needs_clean and not clean):
            return None
        return Request(commit, Role.SEARCH, against, clean)


def is_answered(request: Request, commit: str, against: str, *, clean: bool) -> bool:
    """Whether a run of `commit` (a clean build if `clean`) answers this request."""
    return (request.commit, request.against) == (commit, against) and (clean or not request.clean)


def alike(targets: Sequence[str], known: Mapping[str, Known]) -> list[tuple[str, ...]]:
    """The targets in groups that have the same readings, judged alike, in the order of the targets.

    A reading is the same if it comes from the same run: then its times are the same too.
    """
    groups: dict[tuple[object, ...], list[str]] = {}
    for target in targets:
        facts = known[target]
        same = (*map(_signature, facts.readings), *map(_fact, facts.untestable))
        groups.setdefault(same, []).append(target)
    return [tuple(group) for group in groups.values()]


def free_choice(plan: Plan, decider: Decider, known: Known, step: Step) -> Mapping[str, tuple[float, float]]:
    """What each commit is worth to a search that may read any; empty if the step must be taken as it is.

    A step must be taken if it is no search, if it repeats a reading that misled the search, if it completes
    the first pairs of a commit, or if it tests early what another hunt found.
    """
    if isinstance(step, Conclude) or not step.requests:
        return {}
    first = step.requests[0]
    if first.role is not Role.SEARCH or first.about:
        return {}
    belief = decider.belief(known)
    begun = len(known.of(first.commit, Role.SEARCH))
    if belief.suspected() or (plan.ratio is not None and 0 < begun < plan.repeats.first):
        return {}
    worth = belief.worth()
    return worth if first.commit in worth else {}


def _signature(reading: Reading) -> tuple[object, ...]:
    judgement = reading.judgement
    figure = getattr(judgement, "value", getattr(judgement, "at_least", None))
    kind = (type(judgement).__name__, figure)
    return (reading.commit, reading.role, reading.against, reading.about, reading.clean, reading.at, kind)


def _fact(fact: KnownUntestable) -> tuple[object, ...]:
    return (fact.commit, fact.why)
