"""How far a search is from its end, and what its end is for the hunt."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bisector import search as core
from bisector.hunt.conclusion import Conclusion, Inconclusive, NoRegression
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.failure_rates import compare
from bisector.hunt.decide.premise import NOT_DIFFERENT, runs_of
from bisector.hunt.decide.unconfirmed import left_out
from bisector.hunt.plan import Plan
from bisector.predicate import Undecided
from bisector.probe.reading import Reading, Role
from bisector.units import format_duration

_NAMED = 20


SMALL = 2.0
"""Spreads of one pair below which a step is dear to find; as the premise sees it, often above the truth."""


def small_step(plan: Plan, readings: Sequence[Reading], belief: Belief) -> str | None:
    """What a search for a step this small will cost, said before it begins; None where it is cheap."""
    separation = belief.separation
    if separation is None or separation >= SMALL or any(r.role is Role.SEARCH for r in readings):
        return None
    pairs = belief.probes_left
    time = format_duration(seconds_left(plan, readings, pairs))
    return (
        f"the step is only {separation:.1f} times the spread of one pair: expect {pairs:.0f} to "
        f"{3 * pairs:.0f} pairs, {time} or more; a longer test or a quieter machine makes it cheaper"
    )


def seconds_left(plan: Plan, readings: Sequence[Reading], probes_left: float) -> float:
    """What the probes left will take if half of them are bad, and the confirmation after them."""
    premise = [reading for reading in readings if reading.role is Role.PREMISE]
    good, bad = ([_seconds(r) for r in premise if r.commit == end] for end in (plan.good[0], plan.bad))
    test = statistics.fmean((statistics.median(good), statistics.median(bad)))
    builds = [reading.build_seconds for reading in readings if reading.build_seconds > 0]
    build = statistics.median(builds) if builds else 0.0
    pairs = plan.repeats.least if plan.ratio is not None else 2
    return probes_left * (build + test) + 2 * build + pairs * bad[-1]


def _seconds(reading: Reading) -> float:
    return sum(run.wall for run in (reading.run, reading.reference) if run is not None)


def unfair(belief: Belief, found: core.AnyOf, readings: Sequence[Reading]) -> Inconclusive | None:
    """The ending where some of these commits are only left because the machine was too busy."""
    left = {belief.commit(index) for index in found.commits}
    if any(isinstance(r.judgement, Undecided) and r.commit in left for r in readings):
        return undecided("some commits got no fair run; start again when the machine is calmer", belief)
    return None


def translated(plan: Plan, belief: Belief, found: core.Conclusion, readings: Sequence[Reading]) -> Conclusion:
    """The hunt's conclusion for one of the search that names no commit."""
    if isinstance(found, core.NoRegression) and plan.paths and plan.bad not in plan.every_candidate.ids:
        at_bad = runs_of([reading for reading in readings if reading.commit == plan.bad])
        return left_out(plan, plan.every_candidate.ids[-1], str(at_bad))
    if isinstance(found, core.NoRegression) and plan.ratio is None:
        good, bad = (runs_of([r for r in readings if r.commit == end]) for end in (plan.good[0], plan.bad))
        if compare(good, bad).more >= NOT_DIFFERENT:
            why = f"good is judged bad {good}, bad {bad}, but no commit of the range makes a step that shows"
            return undecided(why, belief)
    if isinstance(found, core.NoRegression):
        return NoRegression("no commit of the range makes a step that the readings would bear out")
    return undecided(_why_inconclusive(found), belief)


def undecided(why: str, belief: Belief) -> Inconclusive:
    """No answer, but the likeliest candidates with their odds."""
    likeliest = list(belief.posterior().items())[:_NAMED]
    return Inconclusive(why, tuple(c for c, _ in likeliest), tuple(p for _, p in likeliest))


def _why_inconclusive(found: core.Conclusion) -> str:
    if isinstance(found, core.Misfit):
        return f"the readings contradict a single step: {found.why}"
    if isinstance(found, core.Inconclusive):
        return found.why
    return "the search ended without an answer"
