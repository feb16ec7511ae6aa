"""How far a search is from its end, and the hunt's conclusion when it ends without a commit."""

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
from bisector.predicate import Bad, Undecided
from bisector.probe.reading import Reading, Role
from bisector.units import format_duration

_NAMED = 20


SMALL = 2.0
"""Spreads of one pair below which a step is expensive to find; the premise often overestimates the step."""


def small_step(plan: Plan, readings: Sequence[Reading], belief: Belief) -> str | None:
    """A warning before the search of what it will cost to find so small a step; None if it is cheap."""
    separation = belief.separation
    if separation is None or separation >= SMALL or any(r.role is Role.SEARCH for r in readings):
        return None
    pairs = belief.probes_left
    time = format_duration(seconds_left(plan, readings, pairs))
    return (
        f"the step is only {separation:.1f} times the spread of one pair: expect {pairs:.0f} to "
        f"{3 * pairs:.0f} pairs, {time} or more; a longer test or a quieter machine needs fewer"
    )


def seconds_left(plan: Plan, readings: Sequence[Reading], probes_left: float) -> float:
    """Seconds for the rest of the premise, the remaining probes, half of them bad, and the confirmation.

    Needs a reading of an endpoint; one that was not read yet is taken to cost as much as the other.
    """
    good, bad = _ends(plan, readings)
    test = statistics.fmean((statistics.median(good or bad), statistics.median(bad or good)))
    build = _build(readings)
    done = sum(reading.role is Role.CONFIRMATION for reading in readings)
    pairs = plan.repeats.least if plan.ratio is not None else 2
    confirmation = max(2 - done, 0) * build + max(pairs - done, 0) * (bad or good)[-1]
    return premise_seconds_left(plan, readings) + probes_left * (build + test) + confirmation


def premise_seconds_left(plan: Plan, readings: Sequence[Reading]) -> float:
    """Seconds for the readings of the endpoints that the premise needs at least; none once it was left."""
    if any(reading.role is not Role.PREMISE for reading in readings):
        return 0.0
    good, bad = _ends(plan, readings)
    if any(isinstance(r.judgement, Bad) and r.commit == plan.bad for r in readings) and good:
        return 0.0
    least = plan.repeats.least if plan.ratio is not None else plan.repeats.verdicts
    tests = sum(
        max(least - len(own), 0) * statistics.median(own or other)
        for own, other in ((good, bad), (bad, good))
    )
    return tests + _build(readings) * (not good) + _build(readings) * (not bad)


def _ends(plan: Plan, readings: Sequence[Reading]) -> tuple[list[float], list[float]]:
    """Seconds of the tests of the good and of the bad endpoint in the premise."""
    premise = [reading for reading in readings if reading.role is Role.PREMISE]
    good, bad = ([_seconds(r) for r in premise if r.commit == end] for end in (plan.good[0], plan.bad))
    return good, bad


def _build(readings: Sequence[Reading]) -> float:
    """Seconds of a typical build; 0 without one."""
    builds = [reading.build_seconds for reading in readings if reading.build_seconds > 0]
    return statistics.median(builds) if builds else 0.0


def _seconds(reading: Reading) -> float:
    return sum(run.wall for run in (reading.run, reading.reference) if run is not None)


def too_busy(belief: Belief, found: core.AnyOf, readings: Sequence[Reading]) -> str:
    """The first of these commits that is only left because the machine was too busy; '' for none."""
    left = {belief.commit(index) for index in found.commits}
    return next((r.commit for r in readings if isinstance(r.judgement, Undecided) and r.commit in left), "")


def translated(plan: Plan, belief: Belief, found: core.Conclusion, readings: Sequence[Reading]) -> Conclusion:
    """The hunt's conclusion for a search conclusion that names no commit."""
    if isinstance(found, core.NoRegression) and plan.paths and plan.bad not in plan.every_candidate.ids:
        at_bad = runs_of([reading for reading in readings if reading.commit == plan.bad])
        return left_out(plan, plan.every_candidate.ids[-1], str(at_bad))
    if isinstance(found, core.NoRegression) and plan.ratio is None:
        good, bad = (runs_of([r for r in readings if r.commit == end]) for end in (plan.good[0], plan.bad))
        if compare(good, bad).more >= NOT_DIFFERENT:
            old, new = plan.terms.old, plan.terms.new
            why = f"{old} is judged {new} {good}, {new} {bad}, but no commit in the range shows a step"
            return undecided(why, belief)
    if isinstance(found, core.NoRegression):
        return NoRegression("the readings support no step at any commit in the range")
    return undecided(_why_inconclusive(found), belief)


def undecided(why: str, belief: Belief) -> Inconclusive:
    """No answer, but the likeliest candidates with their probabilities."""
    likeliest = list(belief.posterior().items())[:_NAMED]
    return Inconclusive(why, tuple(c for c, _ in likeliest), tuple(p for _, p in likeliest))


def _why_inconclusive(found: core.Conclusion) -> str:
    if isinstance(found, core.Misfit):
        return f"the readings contradict a single step: {found.why}"
    if isinstance(found, core.Inconclusive):
        return found.why
    return "the search ended without an answer"
