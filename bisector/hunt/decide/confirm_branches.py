"""The confirmation where an answer has parents on branches that left before the old endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bisector.hunt.decide.branches import Kind, base_kinds, kind_beside
from bisector.hunt.decide.verdicts import Fails, Holds, Verdict
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.probe.reading import Role
from bisector.probe.request import Request


def without_branches(
    plan: Plan, known: Known, verdicts: Mapping[str, Verdict], apart: Sequence[str], bad: str
) -> tuple[dict[str, Verdict], tuple[str, ...]] | list[Request]:
    """The verdicts that decide, and the tips of merged branches that leave a doubt; or the readings missing.

    `bad` is the commit confirmed to be of the new kind. A parent in `apart` that is too says nothing if
    another parent, of the old kind, contains it. One on a branch that always was of the new kind leaves a
    doubt, since that branch may have brought the change. A branch whose branch point is of the old kind is
    searched, as soon as that is known. A parent that good contains, and that is of the new kind, is read as
    a branch point too.
    """
    left, doubtful = dict(verdicts), list[str]()
    for tip in apart:
        if isinstance(verdicts[tip], Holds):
            continue
        kinds = base_kinds(plan, known, tip)
        if missing := _missing(plan, kinds):
            return missing
        if all(kind is Kind.NEW for kind in kinds.values()):
            del left[tip]
            held = [one for one, verdict in verdicts.items() if isinstance(verdict, Holds) and one != bad]
            doubtful += [] if _is_contained(plan, tip, held) else [tip]
    if plan.ratio is not None and plan.beside is not None and not plan.scoped:
        failed = [parent for parent, verdict in verdicts.items() if isinstance(verdict, Fails)]
        kinds = {one: kind_beside(plan, known, one) for one in failed if plan.before_good(one)}
        if missing := _missing(plan, kinds):
            return missing
    return left, tuple(doubtful)


def _is_contained(plan: Plan, tip: str, others: Sequence[str]) -> bool:
    """Whether one of the other commits descends from `tip`."""
    return plan.beside is not None and any(plan.beside.between(tip, other) for other in others)


def _missing(plan: Plan, kinds: Mapping[str, Kind]) -> list[Request]:
    against = plan.good[0] if plan.ratio is not None else ""
    return [Request(base, Role.MERGE_BASE, against) for base, kind in kinds.items() if kind is Kind.OPEN]
