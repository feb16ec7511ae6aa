"""Whether a file in the home folder makes good and bad look alike: each is tested once more without it."""

from __future__ import annotations

import copy
import itertools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.ratio import ratio_of
from bisector.hunt.taking import take
from bisector.predicate import Bad, Good
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_NAMED = 3
_RUNS = 3
"""Of each endpoint, with an empty home folder."""


def hidden_by_home(
    ground: Ground, key: str, plan: Plan, premise: Sequence[Reading], listener: Listener
) -> str | None:
    """Why the endpoints may only look alike because both find the same file; None where that is not so.

    It is so where they differ with an empty home folder for each run. What was written to the home folder
    since the first run of the `premise` is named; a file of before may have done it as well. Measured
    endpoints are only tried where something was, because their runs are many.
    """
    written = _written_at_home(ground, premise)
    if "HOME" not in ground.seen or (ground.ratio is not None and not written):
        return None

    def read(commit: str) -> Reading:
        return _alone(ground, key, plan, commit, listener)

    differ = _fails(read, plan) if ground.ratio is None else _is_slower(read, plan, ground)
    if not differ:
        return None
    named = ", ".join(map(str, written[:_NAMED])) + (", ..." if len(written) > _NAMED else "")
    named = named or "in the home folder"
    return (
        "the endpoints look alike, but differ when each run has an empty home folder: they may "
        f"share a file that a build or test left ({named}); have the test remove it, or set HOME to another "
        "folder in the test's command"
    )


def _written_at_home(ground: Ground, premise: Sequence[Reading]) -> list[Path]:
    home = ground.seen.get("HOME", "")
    caches = ground.seen.get("XDG_CACHE_HOME", "")
    places = [Path(place) for place in (home, caches) if place and Path(place).is_absolute()]
    if not places or not premise:
        return []
    first = premise[0]
    took = first.build_seconds + (first.run.wall if first.run else 0.0)
    own = [ground.scratch.root, ground.repository.git_folder.parent]
    written = written_since(first.at.timestamp() - took - 1, ground.environment, own)
    return [path for path in written if any(path.is_relative_to(place) for place in places)]


def _fails(read: Callable[[str], Reading], plan: Plan) -> bool:
    """Whether good passes, and bad fails in any of a few runs."""
    if not isinstance(read(plan.good[0]).judgement, Good):
        return False
    return any(isinstance(read(plan.bad).judgement, Bad) for _ in range(_RUNS))


def _is_slower(read: Callable[[str], Reading], plan: Plan, ground: Ground) -> bool:
    """Whether each run of bad is worse than each of good by the ratio that the hunt asks for."""
    good, bad = ([read(end).run for _ in range(_RUNS)] for end in (plan.good[0], plan.bad))
    pairs = itertools.product(bad, good)
    ratios = [ratio_of(ground.predicate, run, base) if run and base else None for run, base in pairs]
    return all(ratio is not None and ratio >= (ground.ratio or 1.0) for ratio in ratios)


def _alone(ground: Ground, key: str, plan: Plan, commit: str, listener: Listener) -> Reading:
    ends = {"good": plan.good[0], "bad": plan.bad}
    with tempfile.TemporaryDirectory(prefix="bisector-home-") as home:
        alone = copy.copy(ground)
        others = {k: v for k, v in ground.environment.items() if not k.startswith("XDG_")}
        alone.environment = others | {"HOME": home}
        with reader_for(alone, key, ends, 0, listener) as reader:
            request = Request(commit, Role.VERIFICATION, commit if ground.ratio is not None else "")
            return take(reader, request, lambda _reading: None, listener)
