"""The confirmation: the first bad commit compared with its parents, in new runs of clean builds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import Effect
from bisector.hunt.decide.effect import estimate
from bisector.hunt.decide.failure_rates import evidence
from bisector.hunt.decide.premise import MoreReadings, measured, read_enough, runs_of
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Untestable
from bisector.probe.reading import Reading, Role
from bisector.terms import REGRESSION, Terms

_INSTANT = 1.0
"""Runs of up to this many seconds are made `QUICK_RUNS` times, slower ones three times.

A test that fails half the time on every commit looks like a regression at the endpoints in 1 of 4 hunts. Each
run of the answer and of its parent divides that by 4: one run leaves 6%, two 1.6%, three 0.4%.
"""
QUICK_RUNS = 5
_MOST = 60
"""The confirmation requests at most this many runs of one commit."""
_UNKNOWN = (0.1, 0.4)
"""Assumed error rates (a good commit judged bad, a bad one judged good) when a commit's runs contradict each
other and no rates are known: a bug that shows in most runs."""

_SHARES = 10
"""The hunt's chance of error is shared by the search, the answer and its parents. With a tenth, a parent
whose test fails in 60% of its runs must pass 8 times, not 5: 1 in 1,500 does so by chance, not 1 in 100."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The commit is worse than this parent; `effect` says by how much, if measured."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Fails:
    """The commit is not worse than this parent."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The commit cannot be tested."""

    why: str = ""


Verdict = Holds | Fails | Unknown | MoreReadings


@dataclass(frozen=True, slots=True)
class Demand:
    """What the confirmation requires of one commit's runs.

    At least `runs` new runs, at most `most` runs in all. `rates`: how often verdicts err (a good commit
    judged bad, a bad one judged good); None while none has erred. `confidence` is the hunt's.
    """

    runs: int
    most: int
    confidence: float
    rates: tuple[float, float] | None = None
    terms: Terms = REGRESSION


def against_parent(
    readings: Sequence[Reading], repeats: Repeats, step: float, sure: float = math.inf
) -> Verdict:
    """The verdict of paired readings of a commit against one of its parents.

    `step` is the step that the search found, or the smallest wanted if that is larger. The pairs decide
    between that step and no step: more are read as long as their interval contains both. A pair from `sure`
    on leaves no doubt.
    """
    last = readings[-1].judgement if readings else None
    if isinstance(last, Untestable):
        return Unknown(last.why)
    if isinstance(last, Bad):
        return Holds()
    if isinstance(last, Good):
        return Fails(last.why)
    ratios = measured(readings)
    if ratios and min(ratios) >= sure:
        return Holds(estimate(ratios))
    if not read_enough(readings, repeats):
        return MoreReadings()
    effect = estimate(ratios)
    nearer_to_step = effect.ratio >= math.sqrt(step)
    if effect.low > 1 and nearer_to_step:
        return Holds(effect)
    against = readings[-1].against[:12]
    if effect.high < step and not nearer_to_step:
        return Fails(f"{effect} compared with its parent {against}; the hunt looks for a step of {step:.2f}x")
    if len(readings) < repeats.most:
        return MoreReadings()
    return Fails(f"{effect} compared with its parent {against}, too uncertain for a step of {step:.2f}x")


def by_runs(readings: Sequence[Reading], demand: Demand, *, bad_expected: bool) -> Verdict:
    """Whether the runs of one commit confirm the side (good or bad) that the search puts it on.

    Needs new runs (`Role.CONFIRMATION`). Only runs of clean builds count: other builds may be stale, or
    miss an undeclared input. If verdicts err, runs continue until the evidence for either side reaches
    the odds of the hunt's confidence (Wald 1945), of which each commit gets a share. A commit that cannot
    be tested in as many runs is unknown.
    """
    fresh = [one for one in readings if one.role is Role.CONFIRMATION]
    clean = [one for one in readings if one.clean]
    untestable = [one.judgement.why for one in fresh if isinstance(one.judgement, Untestable)]
    if fresh and not runs_of(fresh).all:
        return Unknown(fresh[-1].judgement.why)
    if len(untestable) >= demand.runs:
        return Unknown(f"{untestable[-1]} ({len(untestable)} of {len(fresh)} runs)")
    if runs_of(fresh).all < demand.runs:
        return MoreReadings()
    if demand.rates is None and not runs_of(fresh).differ:
        held = bool(runs_of(fresh).bad) == bad_expected
        return Holds() if held else Fails(_against(fresh, demand.terms))
    runs = runs_of(clean)
    usual = _UNKNOWN[::-1] if demand.terms.better else _UNKNOWN
    for_bad = evidence(runs, *(demand.rates or usual))
    for_expected = for_bad if bad_expected else -for_bad
    enough = math.log(_SHARES / (1 - demand.confidence))
    if abs(for_expected) < enough and runs.all < demand.most:
        return MoreReadings()
    return Holds() if for_expected > 0 else Fails(_against(clean, demand.terms))


def runs_in_time(readings: Sequence[Reading], repeats: Repeats) -> tuple[int, int]:
    """Minimum and maximum number of runs of each commit, from how long runs took so far."""
    took = [reading.run.wall for reading in readings if reading.run]
    usual = statistics.median(took) if took else 0.0
    least = QUICK_RUNS if usual <= _INSTANT else 3
    in_time = int(repeats.seconds / usual) if usual > 0 else _MOST
    return least, max(10, min(_MOST, in_time))


def _against(readings: Sequence[Reading], terms: Terms) -> str:
    runs, last = runs_of(readings), readings[-1]
    one_way = terms.new if runs.bad >= runs.good else terms.old
    count = max(runs.bad, runs.good)
    why = next((r.judgement.why for r in reversed(readings) if isinstance(r.judgement, Bad | Good)), "")
    return f"{last.commit[:12]} is judged {one_way} in {count} of {runs.all} runs: {why}"
