"""Try a hunt file at one commit before the hunt: does it build, does it run, can it be judged?"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Literal

from bisector.engine.slots import Slots
from bisector.hunt.engines import prober_for, reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.predicate import Judgement, Run
from bisector.probe.leftovers import clean_leftovers
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request


def try_at(
    ground: Ground,
    commit: str,
    ends: Mapping[str, str],
    listener: Listener,
    *,
    until: type[Judgement] | None = None,
    most: int = 1,
    seconds: float = float("inf"),
) -> list[Reading]:
    """Readings of `commit` (against itself for a paired predicate), not journalled.

    At least one, and up to `most` until one has the judgement `until`, or `seconds` are over. `commit` and
    `ends` (good and bad) are full ids. It checks that the hunt works, not how fast: no run waits for a quiet
    machine or is repeated. Raises what probing raises: `EnvironmentFault` for a missing tool, `HistoryError`.
    """
    at_once = copy.copy(ground)
    at_once.hunt = ground.hunt.model_copy(update={"quiet": None})
    # With one commit for both, it is the bad one: a failure is what the hunt looks for.
    endpoint: Literal["good", "bad"] = "bad" if commit == ends["bad"] else "good"
    key, began = f"trial-{commit}", time.monotonic()
    taken: list[Reading] = []
    with ground.scratch.held(key):
        clean_leftovers()
        with reader_for(at_once, key, ends, 0, listener, fair_attempts=0) as engine:
            while not taken or (
                len(taken) < most
                and not (until and isinstance(taken[-1].judgement, until))
                and time.monotonic() - began < seconds
            ):
                against = commit if ground.ratio is not None else ""
                taken.append(engine.read(Request(commit, Role.PREMISE, against, endpoint=endpoint)))
    return taken


def try_on_outputs(ground: Ground, commit: str, ends: Mapping[str, str], listener: Listener) -> Run | None:
    """One run of the test of `commit` on nothing but the outputs that the store has of its build.

    None if the store has none. Raises what `try_at` raises.
    """
    key = f"trial-{commit}"
    with ground.scratch.held(key), Slots(ground.scratch.slots, ground.repository) as slots:
        clean_leftovers()
        own, slot = prober_for(ground, key, ends, listener), slots.take(commit)
        with slot.changing(commit):
            if not own.builds.lay_out_alone(slot.worktree, commit):
                return None
            return own.tests.run(slot.worktree, commit, "outputs-alone", own.judge.watch()).run
