"""`bisector inputs`: traces a commit, proposes inputs, and counts the candidates that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bisector.history.candidates import collapse
from bisector.history.inputs import coming_and_going
from bisector.hunt.events import Listener
from bisector.hunt.session import Session
from bisector.hunt_file import Hunt
from bisector.phases.inputs.outside import Group, grouped
from bisector.phases.inputs.proposal import Proposal, proposed
from bisector.phases.inputs.tracing import Traced, traced
from bisector.probe.identity import Identity


@dataclass(frozen=True)
class Finding:
    """The result of a trace; numbers of candidates: all, with declared inputs, with proposed inputs."""

    hunt: str
    traced: Traced
    proposal: Proposal
    outside: Sequence[Group]
    commits: int
    declared: int
    proposed: int


def find_inputs(session: Session, revision: str | None, listener: Listener) -> Finding:
    """Trace `revision` (default: the good commit) and propose inputs.

    Raises `HistoryError` if the revision does not exist or does not build, `EnvironmentFault` if strace is
    missing or not permitted.
    """
    ground, plan = session.ground, session.plan
    commit = ground.repository.resolve(revision) if revision else plan.good[0]
    one = traced(ground, commit, listener)
    moving = coming_and_going(ground.repository, plan.good, plan.bad)
    proposal = proposed(ground.hunt, one, moving, str(ground.scratch.root.resolve()))
    return Finding(
        ground.hunt.hunt,
        one,
        proposal,
        _outside(session, one),
        len(plan.every_candidate),
        len(plan.candidates),
        _candidates(session, proposal.applied(ground.hunt)),
    )


def _candidates(session: Session, hunt: Hunt) -> int:
    """The number of candidates if commits with the same inputs as a parent are excluded."""
    every, plan = session.plan.every_candidate, session.plan
    if not hunt.test.inputs or (hunt.build and not hunt.build.inputs):
        return len(every)
    ends = {"good": plan.good[0], "bad": plan.bad}
    ground = session.ground
    proposed = Identity(hunt, ground.repository, ground.seen, ends, ground.compiler)
    return len(collapse(every, proposed.tests(every.ids)))


def _outside(session: Session, one: Traced) -> list[Group]:
    ground = session.ground
    seen = [part for part in (one.build, one.test) if part is not None]
    return grouped(
        {path for part in seen for path in part.outside},
        {path for part in seen for path in part.executed},
        ground.seen,
        ground.scratch.root.resolve(),
    )
