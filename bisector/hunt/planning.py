"""Make the plan of a hunt: resolve revisions, list candidates."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from bisector.errors import HistoryError, SwappedEnds
from bisector.history.beside import BesideOld
from bisector.history.candidates import candidates_between, collapse
from bisector.history.parents import Parents
from bisector.history.repository import UNSHALLOW, Repository
from bisector.hunt.ground import Ground, located
from bisector.hunt.plan import Budget, Plan
from bisector.probe.identity import Identity, inputs_of
from bisector.terms import Terms


def plan_of(ground: Ground, revisions: Sequence[str]) -> Plan:
    """The plan with `revisions` as old endpoints and all candidates listed; raises `HistoryError`."""
    hunt, repository = ground.hunt, ground.repository
    with located(hunt, hunt.key_of("old")):
        good = tuple(repository.resolve(revision) for revision in revisions)
    with located(hunt, hunt.key_of("new")):
        bad = repository.resolve(hunt.after)
    return plan_between(ground, good, bad, hunt.kinds)


def plan_between(ground: Ground, good: tuple[str, ...], bad: str, terms: Terms) -> Plan:
    """The plan of a hunt between these commits, with all candidates listed; raises `HistoryError`."""
    hunt, repository = ground.hunt, ground.repository
    inputs = inputs_of(hunt)
    with ThreadPoolExecutor(1) as beside:
        listed = beside.submit(
            candidates_between,
            repository,
            good,
            bad,
            first_parent=hunt.first_parent,
            paths=hunt.paths,
            inputs=() if "." in inputs else inputs,
        )
        # Its errors about endpoints that do not fit take precedence.
        bases = _merge_bases(repository, good, bad, terms)
        every = listed.result()
    identity = Identity(hunt, repository, ground.seen, {"good": good[0], "bad": bad})
    if every.inputs:
        laid = identity.laid_over(every.ids)
        rows = tuple((*ids, *own) for ids, own in zip(every.inputs, laid, strict=True))
        every = replace(every, inputs=rows)
    return Plan(
        good=good,
        bad=bad,
        candidates=collapse(every, every.inputs) if every.inputs else every,
        every_candidate=every,
        parents=Parents(repository, every.ids, first_parent=hunt.first_parent),
        merge_bases=bases,
        ratio=ground.ratio,
        by_wall_clock=ground.predicate.by_wall_clock,
        paths=hunt.paths,
        beside=None if hunt.first_parent else BesideOld(repository, good, bad, every.ids, bases),
        contained_in_good=partial(_contained, repository, good) if hunt.paths else None,
        is_tested_alike=partial(_is_tested_alike, identity),
        to_the_end=hunt.test.to_the_end or ground.predicate.runs_to_the_end,
        in_turn=ground.predicate.reviews,
        repeats=ground.repeats,
        terms=terms,
        confidence=hunt.confidence,
        budget=Budget(hunt.budget.time, hunt.budget.probes),
    )


def _is_tested_alike(identity: Identity, one: str, other: str) -> bool:
    here, there = identity.tested([one, other])
    return here == there


def _contained(repository: Repository, good: tuple[str, ...], commit: str) -> bool:
    return any(commit in repository.merge_bases(commit, one) for one in good)


def _merge_bases(repository: Repository, good: tuple[str, ...], bad: str, terms: Terms) -> tuple[str, ...]:
    """Merge bases of bad and the good commits that it does not contain; they must be good too, as in git."""
    old, new = terms.old, terms.new
    found: dict[str, None] = {}
    for commit in good:
        bases = repository.merge_bases(commit, bad)
        if not bases:
            remedy = UNSHALLOW if repository.is_shallow else "name two related commits"
            raise HistoryError(f"{old} {commit[:12]} and {new} {bad[:12]} have no common history; {remedy}")
        if bad in bases:
            raise (HistoryError if bad == commit else SwappedEnds)(
                f"{new} {bad[:12]} is an ancestor of {old} {commit[:12]}, or the same commit; are they "
                "swapped?"
            )
        found.update(dict.fromkeys(base for base in bases if base not in good))
    return tuple(found)
