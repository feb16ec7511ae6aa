"""Commits that the hunt file says not to test: untestable from the start, whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime

from bisector.errors import HistoryError
from bisector.history.repository import GitFailure, Repository
from bisector.hunt.ground import Ground, located
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable

_WHY = "`skip` names it"


def skipped(ground: Ground, plan: Plan) -> list[KnownUntestable]:
    """Each candidate that `skip` names; they are in no journal, so that `skip` may be changed.

    Raises `HistoryError` for what names no commit, or an endpoint.
    """
    named: dict[str, None] = {}
    for at, revision in enumerate(ground.hunt.skip):
        with located(ground.hunt, "skip", at):
            commits = _commits(ground.repository, revision)
            if plan.bad in commits or not commits.isdisjoint(plan.good):
                raise HistoryError(f"'{revision}' holds an endpoint of the hunt, which has to be tested")
        named.update(dict.fromkeys(commits))
    now = datetime.now(UTC)
    return [KnownUntestable(commit, _WHY, now) for commit in plan.candidates.ids if commit in named]


def _commits(repository: Repository, revision: str) -> set[str]:
    """As `git bisect skip` takes them: one commit, or all of a range `A..B`."""
    if ".." not in revision:
        return {repository.resolve(revision)}
    try:
        out = repository.git("rev-list", "--end-of-options", revision, "--")
    except GitFailure as error:
        raise HistoryError(f"{repository.path} has no range '{revision}': {error}") from error
    return set(out.decode().split())
