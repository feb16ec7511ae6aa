"""The commit to diagnose, and the one to compare it with."""

from __future__ import annotations

from dataclasses import dataclass

from bisector.errors import HistoryError
from bisector.history.commit import CommitInfo
from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.events import Event, ProbeBegan
from bisector.hunt.good_commit import session_on
from bisector.hunt.ground import Ground, opened
from bisector.hunt_file import AUTO


@dataclass(frozen=True, slots=True)
class Pair:
    """The commit to diagnose, and the one to compare it with."""

    bad: CommitInfo
    good: CommitInfo

    @property
    def other_parents(self) -> tuple[str, ...]:
        """The parents of a merge that are not compared."""
        return tuple(parent for parent in self.bad.parents if parent != self.good.id)


def pair_of(ground: Ground, commit: str | None, against: str | None) -> Pair:
    """The commit (default: the hunt's first bad one), and `against` (default: its first parent).

    Raises `HistoryError` if the hunt has no first bad commit, or the commit has no parent.
    """
    repository = ground.repository
    bad = repository.resolve(commit) if commit is not None else _first_bad(ground)
    parents = repository.infos([bad])[bad].parents
    if against is None and not parents:
        raise HistoryError(f"{bad[:12]} has no parent to compare with; name another commit with --against")
    good = repository.resolve(against) if against is not None else parents[0]
    if good == bad:
        raise HistoryError(f"cannot compare {bad[:12]} with itself; name another commit with --against")
    infos = repository.infos([bad, good])
    return Pair(infos[bad], infos[good])


def ends_of(ground: Ground) -> dict[str, str]:
    """The ids of `good` and `bad` in overlays, as far as they are known."""
    hunt, repository = ground.hunt, ground.repository
    good = {} if hunt.before == (AUTO,) else {"good": repository.resolve(hunt.before[0])}
    return {**good, "bad": repository.resolve(hunt.after)}


def _first_bad(ground: Ground) -> str:
    """The first bad commit from the hunt's conclusion."""
    name, conclusion = ground.hunt.hunt, None
    if ground.scratch.journal.exists():
        session = session_on(ground, _only_looking)
        with opened(ground.scratch) as journal:
            conclusion = next((row.conclusion for row in journal.hunts() if row.key == session.key), None)
    if isinstance(conclusion, FirstBad):
        return conclusion.commit
    if isinstance(conclusion, AnyOf):
        first, last = conclusion.commits[0][:12], conclusion.commits[-1][:12]
        raise HistoryError(
            f"hunt '{name}' has {len(conclusion.commits)} commits left, from {first} to {last}; "
            f"name one of them, and a commit that builds as --against: "
            f"`bisector diagnose ... --against {first}^ {last}`"
        )
    if conclusion is not None:
        raise HistoryError(f"hunt '{name}' found no first bad commit ({conclusion.name}); name a commit")
    raise HistoryError(
        f"hunt '{name}' has no first bad commit yet; find it with `bisector run` or name a commit"
    )


def _only_looking(event: Event) -> None:
    """Refuse to probe: only a hunt may search the good commit of `good: auto`."""
    if isinstance(event, ProbeBegan):
        raise HistoryError("the good commit of this hunt is not known yet; continue with `bisector run`")
