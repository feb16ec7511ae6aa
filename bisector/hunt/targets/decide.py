"""What the hunts of several targets read next, together.

Each target keeps the decision that it would make alone (`Decider`); here only the runs are shared. A reading
that some target must have (premise, merge base, confirmation) comes first, and serves every other target that
it tells something. Else all searches choose together: the commit with most information, summed over the
targets, per expected second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bisector.hunt.conclusion import Conclusion, FirstBad
from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Conclude, Read, Step
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.targets.asking import Ask, Ended, JointStep
from bisector.hunt.targets.groups import Group, alike, free_choice
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_ORDER = {Role.PREMISE: 0, Role.MERGE_BASE: 1}
"""Roles that come first, because nothing else may begin before them."""
_LAST = 2


class Joint:
    """Decides for the hunts of several `targets`, which share one plan. Same readings, same step.

    `shares`: whether a commit that one target's hunt confirmed is tested early for the others. With 20
    targets over 4 causes, 2 of them flaky, in 400 commits, that saves 1 of 39 probes and 24 of 124 builds. No
    answer depends on it, because a commit must also convince under an even prior.
    """

    def __init__(self, plan: Plan, targets: Sequence[str], *, shares: bool = True) -> None:
        self._plan = plan
        self._targets = tuple(targets)
        self._shares = shares
        self._deciders: dict[tuple[str, tuple[str, ...]], Decider] = {}

    def next(
        self, known: Mapping[str, Known], ended: Mapping[str, Conclusion], *, spent: bool = False
    ) -> JointStep:
        """The next run, or the conclusions that some open targets have reached; all have if `ended` has all.

        `known` has the facts of each target, `ended` the conclusions so far. `spent` says that time is over.
        """
        open_ = [target for target in self._targets if target not in ended]
        plan = self._plan_with(ended)
        spent = spent or self._is_spent(known)
        groups = [self._group(plan, one, known[one[0]], spent=spent) for one in alike(open_, known)]
        over = [one for one in groups if isinstance(one.step, Conclude)]
        if over or not groups:
            return Ended({target: _conclusion(one.step) for one in over for target in one.targets})
        return self._ask(groups, known)

    def _plan_with(self, ended: Mapping[str, Conclusion]) -> Plan:
        """The plan with what other targets' hunts confirmed."""
        if not self._shares:
            return self._plan
        confirmed = {
            one.commit for one in ended.values() if isinstance(one, FirstBad) and one.confirmed
        } & set(self._plan.candidates.ids)
        found = tuple(dict.fromkeys((*self._plan.found_before, *sorted(confirmed))))
        return replace(self._plan, found_before=found)

    def _is_spent(self, known: Mapping[str, Known]) -> bool:
        """Whether the searches have read as many commits together as the budget allows."""
        most = self._plan.budget.probes
        if most is None:
            return False
        searched = {r.commit for one in known.values() for r in one.readings if r.role is Role.SEARCH}
        return len(searched) >= most

    def _group(self, plan: Plan, targets: tuple[str, ...], known: Known, *, spent: bool) -> Group:
        decider = self._deciders.setdefault((targets[0], plan.found_before), Decider(plan))
        step = decider.next(known, spent=spent)
        if not spent:
            step = self._with_both_ends(known, step)
        return Group(targets, known, decider, step, free_choice(plan, decider, known, step))

    def _with_both_ends(self, known: Known, step: Step) -> Step:
        """The step; before anything else, each endpoint is read once, since the other targets need it too.

        The answer can then say at which end a target is missing.
        """
        if self._plan.ratio is not None or (isinstance(step, Read) and step.requests[0].clean):
            return step
        unread = [end for end in (self._plan.good[0], self._plan.bad) if not known.of(end)]
        if not unread:
            return step
        return Read(tuple(Request(end, Role.PREMISE) for end in unread), step.notes)

    def _ask(self, groups: Sequence[Group], known: Mapping[str, Known]) -> Ask:
        commit, against = _most_wanted(groups, _standing(known)) or _most_telling(groups)
        asking = [one for one in groups if one.served_by(commit, against, clean=True)]
        fixed = [one for one in asking if not one.worth] or asking
        clean = any(_of(one, commit, against).clean or one.needs_clean for one in fixed)
        asked: dict[str, Request] = {}
        for one in asking:
            if request := one.served_by(commit, against, clean=clean):
                own = one.decider.with_ends(one.known, replace(request, clean=clean))
                asked.update(dict.fromkeys(one.targets, own))
        notes = [one.step.notes for one in groups]
        common = [note for note in notes[0] if all(note in others for others in notes)]
        return Ask(_together(asked), asked, tuple(common))


def _of(group: Group, commit: str, against: str) -> Request:
    request = group.served_by(commit, against, clean=True)
    assert request is not None
    return request


def _conclusion(step: Step) -> Conclusion:
    assert isinstance(step, Conclude)
    return step.conclusion


def _standing(known: Mapping[str, Known]) -> str:
    """The commit of the newest reading, which is most likely still built; empty before the first one."""
    readings: list[Reading] = [reading for one in known.values() for reading in one.readings]
    return max(readings, key=lambda reading: reading.at).commit if readings else ""


def _most_wanted(groups: Sequence[Group], standing: str) -> tuple[str, str] | None:
    """The commit, and its reference, that most targets must read now; None if every search may choose.

    Premises come before all else, and the commit that is built before another.
    """
    wanted: dict[tuple[str, str], int] = {}
    order: dict[tuple[str, str], int] = {}
    for group in groups:
        if group.worth:
            continue
        for request in group.requests:
            key = (request.commit, request.against)
            wanted[key] = wanted.get(key, 0) + len(group.targets)
            order[key] = min(order.get(key, _LAST), _ORDER.get(request.role, _LAST))
    if not wanted:
        return None
    return min(wanted, key=lambda key: (order[key], key[0] != standing, -wanted[key]))


def _most_telling(groups: Sequence[Group]) -> tuple[str, str]:
    """The commit with most information over all targets per expected second, and its reference."""
    bits: dict[str, float] = {}
    cost: dict[str, tuple[float, int]] = {}
    against = groups[0].requests[0].against
    for group in groups:
        number = len(group.targets)
        for commit, (told, seconds) in group.worth.items():
            if group.served_by(commit, against, clean=True) is None:
                continue
            bits[commit] = bits.get(commit, 0.0) + number * told
            so_far, counted = cost.get(commit, (0.0, 0))
            cost[commit] = (so_far + number * seconds, counted + number)
    best = max(bits, key=lambda commit: bits[commit] * cost[commit][1] / cost[commit][0])
    return best, against


def _together(asked: Mapping[str, Request]) -> Request:
    """The one request whose run serves all of these, which are of one commit and one reference."""
    requests = list(asked.values())
    return Request(
        requests[0].commit,
        requests[0].role,
        requests[0].against,
        requests[0].clean,
        warm_up=max(request.warm_up for request in requests),
        looks=any(request.looks for request in requests),
        targets=tuple(asked),
    )
