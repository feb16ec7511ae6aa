"""From a confirmed answer down to its cause, step by step; each hunt has its own row in the same journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bisector.errors import BisectorError
from bisector.history.pointers import Pointer, moves
from bisector.history.stand_ins import Contents
from bisector.hunt.conclusion import SPENT, Effect, FirstBad
from bisector.hunt.descend.changes import Taking, blank_level, moves_packages
from bisector.hunt.descend.kept import keep
from bisector.hunt.descend.level import Level
from bisector.hunt.descend.merges import into_merge
from bisector.hunt.descend.space import Space
from bisector.hunt.descend.submodules import Bump, into_submodule, which_submodule
from bisector.hunt.descend.way import Hunted, Spent, Way
from bisector.hunt.events import Listener
from bisector.hunt.ground import opened
from bisector.hunt.record import HuntRecord
from bisector.hunt.session import Session

_DEEPEST = 12
"""A way down ends after so many steps: merges of merges of merges tell nobody more."""


def descend(
    session: Session,
    record: HuntRecord,
    found: FirstBad,
    listener: Listener,
    *,
    restart: bool = False,
    since: float | None = None,
) -> HuntRecord:
    """The record of a hunt, with the way down from its answer.

    An answer that is a merge or moves a submodule is followed if the hunt's `descend` says so, and the commit
    that remains is split into its changes if `narrow` does.

    The hunt began `since` (monotonic seconds; default: now), from which its budget counts. Of a way down that
    an earlier start went to its end, each answer is confirmed again; one that was stopped goes on. Whatever
    prevents a step down leaves the answer as it is, and the step open.
    """
    if not found.confirmed:
        return record
    way = Way(session, listener, restart, time.monotonic() if since is None else since, record.probes)
    first = _below(way, _Place(way.space, found.commit, found.parents_good, effect=found.effect))
    if first is None:
        return record
    if restart or not record.descent:
        with opened(session.ground.scratch) as journal:
            keep(journal, session.key, found, ())
    levels = tuple(_levels(way, first))
    if levels != tuple(record.descent):
        with opened(session.ground.scratch) as journal:
            keep(journal, session.key, found, levels)
    # A start that was stopped on the way down has not told anybody of the end.
    is_news = [level.answer for level in levels] != [level.answer for level in record.descent]
    return replace(record, descent=levels, remembered=None if is_news else record.remembered)


@dataclass(frozen=True)
class _Place:
    """A confirmed answer: a commit of a space, and its parents that were judged good."""

    space: Space
    commit: str
    good: tuple[str, ...]
    hunted: Hunted | None = None
    effect: Effect | None = None

    def laid_out(self, commit: str) -> Contents:
        """A commit as the hunt laid it out, perhaps with the other side of a merge merged in."""
        if self.hunted is None or self.space.above is not None:
            return Contents(commit)
        return Contents(self.hunted.line.laid_out(commit))


@dataclass(frozen=True)
class _Step:
    """A step down: the level without an answer, and what gives it one, and the next step if there is one."""

    blank: Level
    take: Callable[[], tuple[Level, _Step | None]]


def _levels(way: Way, first: _Step) -> list[Level]:
    levels: list[Level] = []
    step: _Step | None = first
    while step is not None and len(levels) < _DEEPEST:
        try:
            level, below = step.take()
        except Spent:
            level, below = replace(step.blank, why=SPENT), None
        except BisectorError as error:
            level, below = replace(step.blank, why=str(error)), None
        levels.append(way.with_account(level))
        step = below
    return levels


def _below(way: Way, place: _Place) -> _Step | None:
    """The step down from an answer; None if nothing is left to take apart."""
    space, commit = place.space, place.commit
    parents = space.repository.parents(commit)
    if not parents:
        return None
    if not way.ground.hunt.descend.follow:
        return _changes(way, place)
    if len(parents) > 1:
        blank = Level("merge", commit, parents[0], parents[1], "open", "", space.path)
        return _Step(blank, lambda: _into_merge(way, place, parents))
    moved = moves(space.repository, parents[0], commit)
    if not moved.pointers:
        return _changes(way, place)
    bump = Bump(space, commit, parents[0], place.laid_out(parents[0]), place.laid_out(commit), moved)
    if bump.is_only_one:
        return _into(way, bump, moved.pointers[0], bump.held)
    blank = Level("submodules", commit, parents[0], commit, "open", "", space.path)
    return _Step(blank, lambda: _which(way, place, bump))


def _under(way: Way, hunted: Hunted, space: Space) -> _Step | None:
    """The step down from the answer of a hunt of the way."""
    found = hunted.conclusion
    effect = found.effect if isinstance(found, FirstBad) else None
    return _below(way, _Place(space, hunted.answer, hunted.parents_good, hunted, effect))


def _into_merge(way: Way, place: _Place, parents: Sequence[str]) -> tuple[Level, _Step | None]:
    level, hunted = into_merge(way, place.space, place.commit, parents, place.good)
    if hunted is None:
        return level, _changes(way, place) if level.state == "together" else None
    return level, _under(way, hunted, place.space)


def _which(way: Way, place: _Place, bump: Bump) -> tuple[Level, _Step | None]:
    level, pointer, held = which_submodule(way, bump)
    if pointer is None:
        return level, _changes(way, place) if level.state == "together" else None
    return level, _into(way, bump, pointer, held)


def _into(way: Way, bump: Bump, pointer: Pointer, held: Contents) -> _Step:
    def take() -> tuple[Level, _Step | None]:
        level, hunted, space = into_submodule(way, bump, pointer, held)
        if hunted is None or space is None:
            return level, None
        return level, _under(way, hunted, space)

    path = f"{bump.space.path}/{pointer.path}" if bump.space.path else pointer.path
    return _Step(Level("submodule", bump.of, pointer.old, pointer.new, "open", "", path), take)


def _changes(way: Way, place: _Place) -> _Step | None:
    """The step to the smallest set of changes; None if the hunt does not ask for one."""
    hunt, space = way.ground.hunt, place.space
    parent = space.repository.parents(place.commit)[0]
    sides = place.laid_out(parent), place.laid_out(place.commit)
    if not hunt.narrow and not (hunt.descend.follow and moves_packages(space, *sides)):
        return None
    blank = blank_level(space, place.commit, parent)
    taking = Taking(way, space, blank, sides, place.effect)
    return _Step(blank, lambda: _taken(way, taking, blank, ()))


def _taken(way: Way, taking: Taking, blank: Level, without: Sequence[int]) -> tuple[Level, _Step | None]:
    """A set of changes, and the step to its releases, or to the next set."""
    answer = taking.taken(without)
    following = _Step(blank, lambda: _taken(way, taking, blank, answer.without)) if answer.without else None
    releases = answer.releases
    if releases is not None:
        return answer.level, _Step(releases.blank, lambda: (releases.taken(), following))
    return answer.level, following
