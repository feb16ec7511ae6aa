"""Whether good and bad share something outside their slots that makes them look alike."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any

from bisector.hunt.conclusion import BadIsGood, Conclusion, GoodIsBad, Inconclusive, NoRegression
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.home import hidden_by_home
from bisector.hunt.outside_reads import written_and_read
from bisector.hunt.plan import Plan
from bisector.hunt.ratio import ratio_of
from bisector.hunt_file.model import commands_of
from bisector.predicate import Predicate, Run
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role

_NAMED = 3
_COLD = 1.5
"""A run that fills a cache takes at least this many times as much as each later one."""
_LEAST_COLD = 1.2
"""Minimum ratio between two such runs that counts, because they vary more than others."""
_TO_STAND_OUT = 2
_SAME = 1.05
"""Figures of up to this ratio are alike; an outlier among such runs is no noise."""


def shared_or(
    conclusion: Conclusion | None,
    ground: Ground,
    key: str,
    plan: Plan,
    readings: Sequence[Reading],
    listener: Listener,
) -> Conclusion | None:
    """The conclusion; inconclusive if endpoints look alike that may share something outside their slots."""
    if not isinstance(conclusion, NoRegression | BadIsGood | GoodIsBad):
        return conclusion
    premise = [reading for reading in readings if reading.role is Role.PREMISE]
    good, bad = ([r for r in premise if r.commit == end] for end in (plan.good[0], plan.bad))
    doubt = (
        _shared(ground, good, bad)
        or hidden_by_home(ground, key, plan, premise, listener)
        or written_and_read(ground, key, plan, premise, listener)
    )
    return Inconclusive(doubt) if doubt else conclusion


def reference_jumps(
    good: Sequence[Reading], bad: Sequence[Reading], predicate: Predicate[Any], ratio: float
) -> float | None:
    """The ratio by which the reference became slower once bad was built; None if below the hunt's ratio.

    The reference is the same build throughout. Nearly all its runs next to bad must stand out from those
    before, so that neither one slow run nor slow drift counts.
    """
    first = min((reading.at for reading in bad), default=None)
    before = [r.reference for r in good if r.reference and first and r.at <= first]
    after = [reading.reference for reading in bad if reading.reference]
    ratios = [ratio_of(predicate, run, earlier) for run, earlier in itertools.product(after, before)]
    known = [value for value in ratios if value is not None]
    if not known or min(known) < math.sqrt(ratio) or statistics.median(known) < ratio:
        return None
    return statistics.median(known)


def cold_ratio(
    good: Sequence[Reading], bad: Sequence[Reading], predicate: Predicate[Any], ratio: float
) -> float | None:
    """Bad over good by the first run of each, if these stand out like runs that fill a cache; else None.

    It is enough that the first run of bad stands out, if all other runs are alike.
    Wall time does not count: the first run also fills the caches of the operating system.
    """
    if predicate.by_wall_clock or not good or not bad:
        return None
    of_good = [run for r in good for run in (r.reference, r.run) if run]
    of_bad = [reading.run for reading in bad if reading.run]
    if min(len(of_good), len(of_bad)) < _TO_STAND_OUT:
        return None
    cold = ratio_of(predicate, of_bad[0], of_good[0])
    if cold is None or cold < max(ratio, _LEAST_COLD):
        return None
    if _stands_out(predicate, of_bad[0], of_bad[1:]):
        alike = all(_alike(predicate, of_good[0], run) for run in (*of_good[1:], *of_bad[1:]))
        if alike or _stands_out(predicate, of_good[0], of_good[1:]):
            return cold
    return None


def _stands_out(predicate: Predicate[Any], first: Run, later: Sequence[Run]) -> bool:
    """Whether the first run took far more than each later one."""
    above = [value for run in later if (value := ratio_of(predicate, first, run)) is not None]
    return bool(above) and min(above) >= _COLD


def _alike(predicate: Predicate[Any], one: Run, other: Run) -> bool:
    ratio = ratio_of(predicate, one, other)
    return ratio is not None and 1 / _SAME <= ratio <= _SAME


def explained(jump: float, outside: Sequence[str]) -> str:
    """The sentence for the user; `outside` are the paths written outside the slots meanwhile."""
    named = ", ".join(outside[:_NAMED]) + (", ..." if len(outside) > _NAMED else "")
    where = f"written meanwhile outside the slots: {named}" if named else "a file outside the slots"
    return (
        f"the readings are unreliable: after bad was built, runs of good took {jump:.2f}x as much, so good "
        f"and bad may share something ({where}); make build and test write only inside the repository"
    )


def _shared(ground: Ground, good: Sequence[Reading], bad: Sequence[Reading]) -> str | None:
    """Why endpoints that look alike may share something outside their slots; None if they do not seem to."""
    if ground.ratio is None or not good:
        return None
    if (cold := cold_ratio(good, bad, ground.predicate, ground.ratio)) is not None:
        return (
            "first runs took far more than later ones, and by the first run of each endpoint bad "
            f"is {cold:.2f}x: a cache outside the slots may hide the regression; make the test clear it, or "
            "keep it inside the repository"
        )
    jump = reference_jumps(good, bad, ground.predicate, ground.ratio)
    if jump is None:
        return None
    first = good[0]
    took = first.build_seconds + sum(run.wall for run in (first.run, first.reference) if run)
    own = [ground.scratch.root, ground.repository.git_folder.parent]
    outside = map(str, written_since(first.at.timestamp() - took - 1, ground.environment, own))
    said = " ".join(map(str, commands_of(ground.hunt)))
    # Paths that a command names come first: on a shared machine, other users write files too.
    return explained(jump, sorted(outside, key=lambda path: path not in said))
