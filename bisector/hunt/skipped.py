"""Commits that the hunt file says not to test: they count as untestable from the start."""

from __future__ import annotations

from datetime import UTC, datetime

from bisector.errors import HistoryError
from bisector.history.repository import GitFailure, Repository
from bisector.hunt.ground import Ground, located
from bisector.hunt.plan import Plan
from bisector.probe.reading import KnownUntestable

_WHY = "listed in `skip`"


def skipped(ground: Ground, plan: Plan) -> list[KnownUntestable]:
    """The candidates listed in `skip`. They are not in the journal, so that `skip` can change.

    Raises `HistoryError` for an entry that names no commit, or an endpoint.
    """
    named: dict[str, None] = {}
    for at, revision in enumerate(ground.hunt.skip):
        with located(ground.hunt, "skip", at):
            commits = commits_of(ground.repository, revision)
            if plan.bad in commits or not commits.isdisjoint(plan.good):
                raise HistoryError(f"'{revision}' includes an endpoint of the hunt, which must be tested")
        named.update(dict.fromkeys(commits))
    now = datetime.now(UTC)
    return [KnownUntestable(commit, _WHY, now) for commit in plan.candidates.ids if commit in named]


def commits_of(repository: Repository, revision: str) -> set[str]:
    """The commits that `git bisect skip` would take: one commit, or a range `A..B`.

    Raises `HistoryError` if there is no such commit or range.
    """
    if ".." not in revision:
        return {repository.resolve(revision)}
    try:
        out = repository.git("rev-list", "--end-of-options", revision, "--")
    except GitFailure as error:
        raise HistoryError(f"{repository.path} has no range '{revision}': {error}") from error
    return set(out.decode().split())
