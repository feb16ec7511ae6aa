"""Import the marks of a `git bisect` session as readings of a hunt, which continues from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bisector.errors import UsageError
from bisector.history.bisect_session import Mark
from bisector.history.candidates import Candidates
from bisector.hunt.ground import opened
from bisector.hunt.journal import HuntRow
from bisector.hunt.remembered import lasts
from bisector.hunt.session import Session
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import Reading, Role

_WHY = "imported from git bisect"
_JUDGEMENTS: Mapping[Mark, type[Good | Bad | Untestable]] = {
    Mark.GOOD: Good,
    Mark.BAD: Bad,
    Mark.SKIP: Untestable,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: `taken` marks are readings now, `known` ones were read before.

    `outside` marks are not in the range. `candidates_left` of the hunt's `candidates` agree with all marks.
    """

    taken: Mapping[str, Mark]
    known: int
    outside: int
    candidates: int
    candidates_left: int


def import_marks(session: Session, marks: Sequence[tuple[str, Mark]], *, restart: bool = False) -> Imported:
    """Write marks of commits into the journal of a hunt, as verdicts of its search.

    Ignores the hunt's endpoints, which the premise reads. `restart` forgets earlier readings first. Raises
    `UsageError` if the hunt is over.
    """
    plan, scratch = session.plan, session.ground.scratch
    with scratch.held(session.key), opened(scratch) as journal:
        row = session.row(journal, restart=restart)
        _require_open(row)
        known = {reading.commit for reading in journal.readings(row.id)}
        standing = _standing_for(session)
        taken: dict[str, Mark] = {}
        for commit, mark in marks:
            candidate = standing.get(commit)
            if candidate is None or candidate in known or candidate in taken:
                continue
            taken[candidate] = mark
            why = _WHY if candidate == commit else f"{_WHY}, from {commit[:12]} with the same inputs"
            judgement = _JUDGEMENTS[mark](why)
            journal.add(row.id, Reading(candidate, Role.SEARCH, judgement, datetime.now(UTC)))
    inside = [(standing[commit], mark) for commit, mark in marks if commit in standing]
    return Imported(
        taken=taken,
        known=len([candidate for candidate, _ in inside if candidate in known]),
        outside=len(marks) - len(inside),
        candidates=len(plan.candidates),
        candidates_left=_agreeing(plan.candidates, inside),
    )


def _agreeing(candidates: Candidates, marks: Sequence[tuple[str, Mark]]) -> int:
    """Number of candidates that can be the first bad commit: ancestors of all bad and of no good commits."""
    position = {commit: at for at, commit in enumerate(candidates.ids)}
    left = set(position.values())
    for commit, mark in marks:
        if mark is Mark.SKIP:
            continue
        ancestors: set[int] = set()
        waiting = [position[commit]]
        while waiting:
            at = waiting.pop()
            if at not in ancestors:
                ancestors.add(at)
                waiting += candidates.parents[at]
        left = left & ancestors if mark is Mark.BAD else left - ancestors
    return len(left)


def _require_open(row: HuntRow) -> None:
    if lasts(row.conclusion):
        raise UsageError(
            f"hunt '{row.name}' is already over (its first bad commit is confirmed), see `bisector report`; "
            "use --restart to discard it and start from the verdicts of git bisect"
        )


def _standing_for(session: Session) -> dict[str, str]:
    """Maps each commit in the range, except endpoints, to the candidate with the same inputs."""
    plan, every = session.plan, session.plan.every_candidate
    candidates = set(plan.candidates.ids)
    if len(candidates) == len(every):
        return {commit: commit for commit in every.ids if commit != plan.bad}
    keys = session.identity.tests(every.ids)
    standing: list[str] = []
    for at, commit in enumerate(every.ids):
        alike = [standing[parent] for parent in every.parents[at] if keys[parent] == keys[at]]
        standing.append(commit if commit in candidates else alike[0])
    return {c: s for c, s in zip(every.ids, standing, strict=True) if plan.bad not in (c, s)}
