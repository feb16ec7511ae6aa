"""Whether a file in the home folder makes good and bad look alike: tests both with an empty home folder."""

from __future__ import annotations

import copy
import itertools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bisector.hunt.decide.endpoint_runs import reviewed_by
from bisector.hunt.engines import reader_for
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.plan import Plan
from bisector.hunt.ratio import ratio_of
from bisector.hunt.taking import take
from bisector.predicate import Bad, Good, Run
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request

_NAMED = 3
_RUNS = 3
"""Runs of each endpoint with an empty home folder."""


def hidden_by_home(
    ground: Ground, key: str, plan: Plan, premise: Sequence[Reading], listener: Listener
) -> str | None:
    """The sentence for endpoints that look as they do only because they share a file; None if they do not.

    They do if they are judged otherwise once each is built clean, and run with an empty home folder. The
    sentence names files written to the home folder since the first `premise` run, although an older file may
    also be the cause.
    """
    if "HOME" not in ground.seen:
        return None
    ends = {"good": plan.good[0], "bad": plan.bad}

    def read(commit: str) -> Reading:
        return read_alone(ground, key, ends, commit, listener)

    if ground.ratio is None:
        differ = _is_judged_otherwise(read, premise, (plan.good[0], plan.bad))
    else:
        differ = _is_slower(read, plan, ground)
    return explained_by_home("the endpoints are judged", ground, premise) if differ else None


def explained_by_home(subject: str, ground: Ground, readings: Sequence[Reading]) -> str:
    """The sentence for judgements that the home folder decides."""
    written = _written_at_home(ground, readings)
    named = ", ".join(map(str, written[:_NAMED])) + (", ..." if len(written) > _NAMED else "")
    return (
        f"{subject} otherwise when each is built clean and run alone with an empty home folder: they may "
        f"share a file that a build or test left ({named or 'in the home folder'}); make the test remove it, "
        "or set HOME to another folder in the test command"
    )


def _written_at_home(ground: Ground, premise: Sequence[Reading]) -> list[Path]:
    home = ground.seen.get("HOME", "")
    caches = ground.seen.get("XDG_CACHE_HOME", "")
    places = [Path(place) for place in (home, caches) if place and Path(place).is_absolute()]
    if not places or not premise:
        return []
    first = premise[0]
    took = first.build_seconds + sum(run.wall for run in (first.run, first.reference) if run)
    own = [ground.scratch.root, ground.repository.git_folder.parent]
    written = written_since(first.at.timestamp() - took - 1, ground.environment, own)
    return [path for path in written if any(path.is_relative_to(place) for place in places)]


def _is_judged_otherwise(
    read: Callable[[str], Reading], premise: Sequence[Reading], ends: tuple[str, str]
) -> bool:
    """Whether an endpoint whose runs all agree is judged otherwise, or bad fails in any of a few runs."""
    said = {end: {type(r.judgement) for r in premise if r.commit == end} for end in ends}
    for end, kinds in said.items():
        if len(kinds) == 1 and all(type(read(end).judgement) not in kinds for _ in range(_RUNS)):
            return True
    good, bad = ends
    return said[good] == {Good} and any(isinstance(read(bad).judgement, Bad) for _ in range(_RUNS - 1))


def _is_slower(read: Callable[[str], Reading], plan: Plan, ground: Ground) -> bool:
    """Whether every first run of bad is worse than every first run of good by the hunt's ratio."""
    good, bad = list[Run | None](), list[Run | None]()
    for _ in range(_RUNS):
        good.append(_first_run(read(plan.good[0])))
        bad.append(_first_run(read(plan.bad)))
        pairs = itertools.product(bad, good)
        ratios = [ratio_of(ground.predicate, run, base) if run and base else None for run, base in pairs]
        if not all(ratio is not None and ratio >= (ground.ratio or 1.0) for ratio in ratios):
            return False
    return True


def _first_run(reading: Reading) -> Run | None:
    """The run that found the home folder empty: both runs of a pair are of the same commit here."""
    return reading.reference or reading.run


def read_alone(ground: Ground, key: str, ends: Mapping[str, str], commit: str, listener: Listener) -> Reading:
    """A reading with an empty home folder; `ends` are the endpoints by name, as far as they are known."""
    with tempfile.TemporaryDirectory(prefix="bisector-home-") as home:
        alone = copy.copy(ground)
        others = {k: v for k, v in ground.environment.items() if not k.startswith("XDG_")}
        alone.environment = others | {"HOME": home}
        with reader_for(alone, key, ends, 0, listener) as reader:
            against = commit if ground.ratio is not None else ""
            request = Request(commit, Role.VERIFICATION, against, clean=True)
            request = reviewed_by(request, ends.get("good", ""), ends["bad"], ())
            return take(reader, request, lambda _reading: None, listener)
