"""From what a hunt works with to its session: the good endpoint found where it says `good: auto`."""

from __future__ import annotations

from functools import partial

from bisector.errors import HistoryError
from bisector.hunt import walk_back
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener, Noted
from bisector.hunt.ground import Ground, opened
from bisector.hunt.remembered import lasting
from bisector.hunt.session import Session
from bisector.hunt.taking import take
from bisector.hunt_file import AUTO
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def session_on(ground: Ground, listener: Listener) -> Session:
    """The session of a hunt, its good endpoint found first where the hunt file leaves that to bisector."""
    automatic = ground.hunt.good == (AUTO,)
    return Session(ground, [find_good(ground, listener)] if automatic else ground.hunt.good)


def find_good(ground: Ground, listener: Listener) -> str:
    """A good commit before bad, by a search of its own in the journal.

    Raises `HistoryError` where no commit as far back as `since` is good.
    """
    hunt, repository = ground.hunt, ground.repository
    bad = repository.resolve(hunt.bad)
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
                    listener(Noted(f"{step.commit[:12]} is good; the search is for what came after it"))
                    return step.commit
                if isinstance(step, walk_back.NoneFound):
                    # It may have been the machine, which the next start is to see.
                    journal.put_aside(row.id, lambda _reading: False)
                    raise HistoryError(
                        f"no commit that can be tested back to {step.oldest[:12]} is good; "
                        "name a good one with --good, or go further back with --since"
                    )
                about = step.commit if step.clean else ""
                request = Request(step.commit, Role.PREMISE, step.against, step.clean, about=about)
                readings.append(take(engine, request, partial(journal.add, row.id), listener))
