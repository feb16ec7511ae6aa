"""The plan of a hunt: revisions resolved, candidates listed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bisector.errors import HistoryError
from bisector.history.candidates import candidates_between, collapse
from bisector.history.parents import Parents
from bisector.history.repository import Repository
from bisector.hunt.ground import Ground, located
from bisector.hunt.plan import Budget, Plan
from bisector.probe.identity import inputs_of


def plan_of(ground: Ground, revisions: Sequence[str]) -> Plan:
    """The hunt with `revisions` as its good ones, candidates listed; raises `HistoryError`."""
    hunt, repository = ground.hunt, ground.repository
    with located(hunt, "good"):
        good = tuple(repository.resolve(revision) for revision in revisions)
    with located(hunt, "bad"):
        bad = repository.resolve(hunt.bad)
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
        # What it has to say of endpoints that do not fit comes first.
        bases = _merge_bases(repository, good, bad)
        every = listed.result()
    return Plan(
        good=good,
        bad=bad,
        candidates=collapse(every, every.inputs) if every.inputs else every,
        every_candidate=every,
        parents=Parents(repository, every.ids, first_parent=hunt.first_parent),
        merge_bases=bases,
        ratio=ground.ratio,
        paths=hunt.paths,
        contained_in_good=partial(_contained, repository, good) if hunt.paths else None,
        to_the_end=hunt.test.to_the_end,
        repeats=ground.repeats,
        confidence=hunt.confidence,
        budget=Budget(hunt.budget.time, hunt.budget.probes),
    )


def _contained(repository: Repository, good: tuple[str, ...], commit: str) -> bool:
    return any(commit in repository.merge_bases(commit, one) for one in good)


def _merge_bases(repository: Repository, good: tuple[str, ...], bad: str) -> tuple[str, ...]:
    """Where the good commits that bad does not contain part from it; these must be good too, as in git."""
    found: dict[str, None] = {}
    for commit in good:
        bases = repository.merge_bases(commit, bad)
        if not bases:
            raise HistoryError(
                f"good {commit[:12]} and bad {bad[:12]} have no common history; "
                "name two commits of one history (in a shallow clone: `git fetch --unshallow`)"
            )
        if bad in bases:
            raise HistoryError(
                f"bad {bad[:12]} is an ancestor of good {commit[:12]}, or the same; are they swapped?"
            )
        found.update(dict.fromkeys(base for base in bases if base not in good))
    return tuple(found)
