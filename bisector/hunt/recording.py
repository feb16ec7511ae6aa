"""Builds the record of a hunt, the input of all reports, from its readings and the history."""

from __future__ import annotations

import functools
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bisector.history.commit import CommitInfo
from bisector.history.forge import commit_pages
from bisector.hunt.conclusion import Effect
from bisector.hunt.decide import premise
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.failed_builds import failed_builds
from bisector.hunt.ground import Ground
from bisector.hunt.journal import HuntRow
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.record import HuntRecord
from bisector.hunt.secrets import secrets_of
from bisector.hunt_file import CherryPick
from bisector.probe.reading import Role


class Recording:
    """What reports need about one hunt, derived from its readings and the history, as the hunt grows.

    Keeps what the next record needs again. For one thread.
    """

    def __init__(self, ground: Ground, plan: Plan) -> None:
        self._ground = ground
        self._plan = plan
        self._beliefs = Beliefs(plan)
        self._commits: dict[str, CommitInfo] = {}

    def record(self, row: HuntRow, known: Known) -> HuntRecord:
        """What reports need about the hunt, with everything that is known now."""
        hunt, plan, repository = self._ground.hunt, self._plan, self._ground.repository
        commits = self._with_details(known)
        belief = self.belief(known)
        return HuntRecord(
            name=row.name,
            repository=repository.path,
            good=[commits[commit] for commit in plan.good],
            bad=commits[plan.bad],
            predicate=hunt.predicate.name,
            commits=commits,
            candidates=plan.every_candidate.ids,
            readings=known.readings,
            untestable=known.untestable,
            failed_builds=failed_builds(
                plan.every_candidate,
                known,
                {one: info.parents for one, info in commits.items()},
                self._picked,
            ),
            conclusion=row.conclusion,
            timeout=hunt.test.timeout,
            terms=plan.terms,
            first_parent=hunt.first_parent,
            premise=premise_effect(plan, known),
            posterior=belief.posterior() if belief else {},
            started=row.started,
            finished=row.finished or datetime.now(UTC),
            machine=machine_facts(),
            commit_pages=self._commit_pages,
            secrets=secrets_of(hunt.environment.pass_, self._ground.environment),
        )

    def belief(self, known: Known) -> Belief | None:
        """The belief of the search; None before it has begun."""
        searching = any(reading.role is not Role.PREMISE for reading in known.readings)
        return self._beliefs.of(known) if searching else None

    def _with_details(self, known: Known) -> dict[str, CommitInfo]:
        """The details of all commits that a record shows."""
        plan, repository = self._plan, self._ground.repository
        wanted = {*plan.good, plan.bad, *plan.every_candidate.ids, *(r.commit for r in known.readings)}
        self._commits |= repository.infos(wanted - self._commits.keys())
        only = 1 if self._ground.hunt.first_parent else None
        beside = {p for one in plan.every_candidate.ids for p in self._commits[one].parents[:only]}
        self._commits |= repository.infos(beside - self._commits.keys())
        return dict(self._commits)

    @functools.cached_property
    def _picked(self) -> frozenset[str]:
        """The commits that the overlay picks."""
        plan = self._plan
        changes = [one for one in self._ground.hunt.overlay if isinstance(one, CherryPick)]
        named = self._ground.identity({"good": plan.good[0], "bad": plan.bad}).named if changes else {}
        return frozenset(named[one.cherry_pick] for one in changes)

    @functools.cached_property
    def _commit_pages(self) -> str:
        return commit_pages(self._ground.repository)


def premise_effect(plan: Plan, known: Known) -> Effect | None:
    """The step between the endpoints as the premise measured it; None for verdicts, or if not known yet."""
    at = [known.of(c, Role.PREMISE) for c in (plan.good[0], plan.bad)]
    if plan.ratio is None or not all(at):
        return None
    return getattr(premise.decide(at[0], at[1], plan.repeats, plan.ratio), "effect", None)


def machine_facts() -> dict[str, str]:
    """Facts about this machine that matter for measurements: cpu, cores, memory, kernel."""
    facts = {
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
    }
    return {key: value for key, value in facts.items() if value}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
