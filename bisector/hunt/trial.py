"""Try a hunt file at one commit before the hunt: does it build, does it run, can it be judged?"""

from __future__ import annotations

import copy

from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def try_at(ground: Ground, revision: str, listener: Listener) -> Reading:
    """One reading of `revision` (against itself for a paired predicate), not journalled.

    It checks that the hunt works, not how fast: no run waits for a quiet machine or is repeated.
    Raises what probing raises: `EnvironmentFault` for a missing tool, `HistoryError`.
    """
    commit = ground.repository.resolve(revision)
    at_once = copy.copy(ground)
    at_once.hunt = ground.hunt.model_copy(update={"quiet": None})
    ends = {"good": commit, "bad": commit}
    key = f"trial-{commit}"
    with ground.scratch.held(key):
        clean_leftovers()
        with reader_for(at_once, key, ends, 0, listener, fair_attempts=0) as engine:
            return engine.read(Request(commit, Role.PREMISE, commit if ground.ratio is not None else ""))
