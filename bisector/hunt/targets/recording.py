"""Builds the record of a hunt of several targets from the journal and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bisector.history.forge import commit_pages
from bisector.hunt.conclusion import AnyOf, FirstBad, Inconclusive
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.recording import machine_facts
from bisector.hunt.secrets import secrets_of
from bisector.hunt.targets.record import TargetRecord, TargetsRecord


def recorded(
    ground: Ground,
    plan: Plan,
    key: str,
    targets: Sequence[TargetRecord],
    others: Mapping[str, Sequence[str]],
) -> TargetsRecord:
    """The record of a hunt that has begun."""
    return _record(ground, plan, key, targets, others=others)


def nothing_found(
    ground: Ground,
    plan: Plan,
    key: str,
    why: str,
    *,
    others: Mapping[str, Sequence[str]] | None = None,
    cannot_tell: bool = False,
) -> TargetsRecord:
    """The record of a hunt without targets, and why."""
    return _record(ground, plan, key, (), others=others or {}, why=why, cannot_tell=cannot_tell)


def _record(
    ground: Ground,
    plan: Plan,
    key: str,
    targets: Sequence[TargetRecord],
    *,
    others: Mapping[str, Sequence[str]],
    why: str = "",
    cannot_tell: bool = False,
) -> TargetsRecord:
    hunt, repository = ground.hunt, ground.repository
    shown = {plan.good[0], plan.bad, *(r.commit for one in targets for r in one.readings), *_named(targets)}
    infos = repository.infos(shown)
    return TargetsRecord(
        name=hunt.hunt,
        key=key,
        repository=repository.path,
        good=infos[plan.good[0]],
        bad=infos[plan.bad],
        predicate="" if hunt.scripts else hunt.predicate.name,
        targets=targets,
        commits=infos,
        candidates=plan.every_candidate.ids,
        others=others,
        why_none=why,
        cannot_tell=cannot_tell,
        machine=machine_facts(),
        secrets=secrets_of(hunt.environment.pass_, ground.environment),
        commit_pages=commit_pages(repository),
    )


def _named(targets: Sequence[TargetRecord]) -> set[str]:
    """The commits that conclusions name."""
    named: set[str] = set()
    for one in targets:
        match one.conclusion:
            case FirstBad(commit):
                named.add(commit)
            case AnyOf(commits):
                named.update(commits)
            case Inconclusive(candidates=candidates):
                named.update(candidates)
    return named
