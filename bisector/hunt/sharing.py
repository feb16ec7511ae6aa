"""Whether good and bad reach each other by something outside of their slots, so that they look alike."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any

from bisector.hunt.conclusion import BadIsGood, Conclusion, Inconclusive, NoRegression
from bisector.hunt.events import Listener
from bisector.hunt.ground import Ground
from bisector.hunt.home import hidden_by_home
from bisector.hunt.plan import Plan
from bisector.hunt.ratio import ratio_of
from bisector.predicate import Predicate
from bisector.probe.outside import written_since
from bisector.probe.reading import Reading, Role

_NAMED = 3


def shared_or(
    conclusion: Conclusion | None,
    ground: Ground,
    key: str,
    plan: Plan,
    readings: Sequence[Reading],
    listener: Listener,
) -> Conclusion | None:
    """The conclusion, unless it takes endpoints for alike that share something outside of their slots."""
    if not isinstance(conclusion, NoRegression | BadIsGood):
        return conclusion
    premise = [reading for reading in readings if reading.role is Role.PREMISE]
    good, bad = ([r for r in premise if r.commit == end] for end in (plan.good[0], plan.bad))
    doubt = _shared(ground, good, bad) or hidden_by_home(ground, key, plan, premise, listener)
    return Inconclusive(doubt) if doubt else conclusion


def reference_jumps(
    good: Sequence[Reading], bad: Sequence[Reading], predicate: Predicate[Any], ratio: float
) -> float | None:
    """By how much the reference became slower once bad was built, where that is the step looked for.

    The reference is the same build throughout. As good as all its runs beside bad must stand out from those
    before, so that neither one slow run nor a slow drift counts.
    """
    first = min((reading.at for reading in bad), default=None)
    before = [r.reference for r in good if r.reference and first and r.at <= first]
    after = [reading.reference for reading in bad if reading.reference]
    ratios = [ratio_of(predicate, run, earlier) for run, earlier in itertools.product(after, before)]
    known = [value for value in ratios if value is not None]
    if not known or min(known) < math.sqrt(ratio) or statistics.median(known) < ratio:
        return None
    return statistics.median(known)


def explained(jump: float, outside: Sequence[str]) -> str:
    """The sentence for the user; `outside` is what was written outside of the slots meanwhile."""
    named = ", ".join(outside[:_NAMED]) + (", ..." if len(outside) > _NAMED else "")
    where = f"written meanwhile outside of the slots: {named}" if named else "a file outside of its slot"
    return (
        f"the readings are in doubt: once bad had been built, good's own runs took {jump:.2f}x as much, "
        f"so the two may share something ({where}); have build and test write below the top "
        "of the repository only"
    )


def _shared(ground: Ground, good: Sequence[Reading], bad: Sequence[Reading]) -> str | None:
    """Why endpoints that look alike may have been mixed up, through something outside of their slots."""
    if ground.ratio is None or not good:
        return None
    jump = reference_jumps(good, bad, ground.predicate, ground.ratio)
    if jump is None:
        return None
    first = good[0]
    took = first.build_seconds + sum(run.wall for run in (first.run, first.reference) if run)
    own = [ground.scratch.root, ground.repository.git_folder.parent]
    outside = map(str, written_since(first.at.timestamp() - took - 1, ground.environment, own))
    hunt = ground.hunt
    said = f"{hunt.build.command if hunt.build else ''} {hunt.test.command}"
    # On a machine of many users others write there too.
    return explained(jump, sorted(outside, key=lambda path: path not in said))
