"""The record of a hunt, which reports are made from: derived from its readings and the history."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bisector.hunt.conclusion import Effect
from bisector.hunt.decide import premise
from bisector.hunt.decide.beliefs import Beliefs
from bisector.hunt.ground import Ground
from bisector.hunt.journal import HuntRow
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.hunt.record import HuntRecord
from bisector.probe.reading import Role


def record_of(ground: Ground, plan: Plan, row: HuntRow, known: Known) -> HuntRecord:
    """What reports need of a hunt, derived from its readings and the history."""
    hunt, repository = ground.hunt, ground.repository
    wanted = {*plan.good, plan.bad, *plan.every_candidate.ids, *(r.commit for r in known.readings)}
    commits = repository.infos(wanted)
    only = 1 if hunt.first_parent else None
    beside = {parent for one in plan.every_candidate.ids for parent in commits[one].parents[:only]}
    commits |= repository.infos(beside - wanted)
    searching = any(reading.role is not Role.PREMISE for reading in known.readings)
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
        conclusion=row.conclusion,
        timeout=hunt.test.timeout,
        first_parent=hunt.first_parent,
        premise=_premise_effect(plan, known),
        posterior=Beliefs(plan).of(known).posterior() if searching else {},
        started=row.started,
        finished=row.finished or datetime.now(UTC),
        machine=machine_facts(),
    )


def _premise_effect(plan: Plan, known: Known) -> Effect | None:
    at = [known.of(c, Role.PREMISE) for c in (plan.good[0], plan.bad)]
    if plan.ratio is None or not all(at):
        return None
    return getattr(premise.decide(at[0], at[1], plan.repeats, plan.ratio), "effect", None)


def machine_facts() -> dict[str, str]:
    """What a reader of figures wants to know of this machine: cpu, cores, memory, kernel."""
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
