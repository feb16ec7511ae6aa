"""The session of a hunt; with `good: auto`, the good endpoint is found first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bisector.errors import HistoryError
from bisector.history.repository import UNSHALLOW
from bisector.hunt import walk_back
from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground, opened
from bisector.hunt.home import explained_by_home, read_alone
from bisector.hunt.journal import HuntRow
from bisector.hunt.lacking import reported_lacking
from bisector.hunt.remembered import lasting
from bisector.hunt.session import Session
from bisector.hunt.taking import take
from bisector.hunt.targets.narrowing import of_one_target
from bisector.hunt_file import AUTO
from bisector.hunt_file.origin import option_of
from bisector.predicate import Bad, Good
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def session_on(ground: Ground, listener: Listener, looked_at: HuntRow | None = None) -> Session:
    """The session of a hunt of one target; with `good: auto`, its good endpoint is found first.

    `looked_at` is as for `Session`. Raises `HuntFileError` if the hunt has several targets.
    """
    ground = of_one_target(ground)
    return Session(ground, good_of(ground, listener), looked_at=looked_at)


def good_of(ground: Ground, listener: Listener) -> Sequence[str]:
    """The good revisions of a hunt; with `good: auto`, the one that is found."""
    return [find_good(ground, listener)] if ground.hunt.before == (AUTO,) else ground.hunt.before


def find_good(ground: Ground, listener: Listener) -> str:
    """Find a good commit before bad; the journal keeps this search as a hunt of its own.

    Raises `HistoryError` if no commit back to `since` is good.
    """
    hunt, repository = ground.hunt, ground.repository
    bad = repository.resolve(hunt.after)
    since = repository.resolve(hunt.since) if hunt.since else None
    line = repository.first_parents(bad, since)
    key = ground.identity({"bad": bad}, [AUTO, since or ""]).key
    with ground.scratch.held(key), opened(ground.scratch) as journal:
        row = journal.begin(key, f"{hunt.hunt} (walk back)", hunt.model_dump(mode="json"))
        journal.put_aside(row.id, lambda found: isinstance(found, Reading) and lasting(found.judgement))
        readings = journal.readings(row.id)
        clean_leftovers()
        with reader_for(ground, key, {"bad": bad}, journal.taken(row.id), listener) as engine:
            while True:
                step = walk_back.step(line, readings, ground.repeats, ground.ratio)
                if isinstance(step, walk_back.Found):
                    listener(Noted(f"{step.commit[:12]} is {hunt.kinds.old}; searching the commits after it"))
                    return step.commit
                if isinstance(step, walk_back.NoneFound):
                    # The machine may be the cause, so the next start reads everything again.
                    journal.put_aside(row.id, lambda _reading: False)
                    raise _none_good(ground, key, bad, step.oldest, readings, listener)
                request = Request(step.commit, Role.PREMISE, step.against, step.clean)
                request = reviewed_by(request, "", bad, readings)
                readings.append(take(engine, request, partial(journal.add, row.id), listener))


def _none_good(
    ground: Ground, key: str, bad: str, oldest: str, readings: Sequence[Reading], listener: Listener
) -> HistoryError:
    """The sentence for a walk back to the `oldest` commit that found no good one."""
    kind = ground.hunt.kinds.old
    none = f"no testable commit back to {oldest[:12]} is {kind}"
    failed = [r for r in readings if r.commit == oldest and not isinstance(r.judgement, Good)]
    output = next((r.run.output for r in failed if r.run), "")
    if lacking := reported_lacking(ground, oldest, output):
        return HistoryError(f"{none}: {lacking}")
    was_bad = any(isinstance(reading.judgement, Bad) for reading in failed)
    if was_bad and ground.ratio is None and "HOME" in ground.seen:
        alone = read_alone(ground, key, {"bad": bad}, oldest, listener)
        if isinstance(alone.judgement, Good):
            return HistoryError(f"{none}, but {explained_by_home('it is judged', ground, readings)}")
    option = option_of(ground.hunt.key_of("old"))
    further = f"name a {kind} one with {option}, or go further back with --since"
    return HistoryError(f"{none}; {UNSHALLOW if ground.repository.is_shallow else further}")
