"""The confirmation: the first bad commit against its parents, built clean and read afresh."""

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

_INSTANT, _QUICK = 1.0, 30.0
"""Seconds of a run up to which it is made `QUICK_RUNS` times, and three times."""
QUICK_RUNS = 5
_MOST = 60
"""Runs of one commit after which the confirmation asks for no more of it."""
_UNKNOWN = (0.1, 0.4)
"""How often verdicts err (a good commit looks bad, a bad one good) where a commit's own runs contradict each
other and nothing is known: a bug that shows itself in most of its runs."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The commit is worse than this parent; `effect` by how much, where it is measured."""

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
    """What the runs of one commit have to show.

    `runs` made afresh at least, `most` of all. `rates`: how often verdicts err (a good commit looks bad, a
    bad one good); None as long as none has. `confidence` is that of the hunt.
    """

    runs: int
    most: int
    confidence: float
    rates: tuple[float, float] | None = None


def against_parent(readings: Sequence[Reading], repeats: Repeats, step: float) -> Verdict:
    """What paired readings of a commit against one of its parents say.

    `step` is the one that the search found, or the one asked for where that is larger. The question is which
    of the two is true, that step or none: pairs are read as long as their interval holds both.
    """
    last = readings[-1].judgement if readings else None
    if isinstance(last, Untestable):
        return Unknown(last.why)
    if isinstance(last, Bad):
        return Holds()
    if isinstance(last, Good):
        return Fails(last.why)
    if readings and readings[-1].digest and readings[-1].digest == readings[-1].reference_digest:
        return Fails(f"its build is byte for byte that of its parent {readings[-1].against[:12]}")
    if not read_enough(readings, repeats):
        return MoreReadings()
    effect = estimate(measured(readings))
    nearer_to_step = effect.ratio >= math.sqrt(step)
    if effect.low > 1 and nearer_to_step:
        return Holds(effect)
    against = readings[-1].against[:12]
    if effect.high < step and not nearer_to_step:
        return Fails(f"{effect} against its parent {against}, and the hunt looks for a step of {step:.2f}x")
    if len(readings) < repeats.most:
        return MoreReadings()
    return Fails(f"{effect} against its parent {against} is not surely above 1")


def by_runs(readings: Sequence[Reading], demand: Demand, *, bad_expected: bool) -> Verdict:
    """What all runs of one commit say: whether it is on the side where the search has it.

    Runs made afresh (`Role.CONFIRMATION`) are needed, but all count. Where verdicts err, they are made until
    the evidence for either side reaches the odds of the hunt's confidence (Wald 1945).
    """
    fresh = [one for one in readings if one.role is Role.CONFIRMATION]
    if fresh and not runs_of(fresh).all:
        return Unknown(fresh[-1].judgement.why)
    if runs_of(fresh).all < demand.runs:
        return MoreReadings()
    if demand.rates is None and not runs_of(fresh).differ:
        held = bool(runs_of(fresh).bad) == bad_expected
        return Holds() if held else Fails(_against(fresh))
    runs = runs_of(readings)
    for_bad = evidence(runs, *(demand.rates or _UNKNOWN))
    for_expected = for_bad if bad_expected else -for_bad
    enough = math.log(1 / (1 - demand.confidence))
    if abs(for_expected) < enough and runs.all < demand.most:
        return MoreReadings()
    return Holds() if for_expected > 0 else Fails(_against(readings))


def runs_in_time(readings: Sequence[Reading], repeats: Repeats) -> tuple[int, int]:
    """How many runs of each commit are made at least, and at most; by what runs took so far."""
    took = [reading.run.wall for reading in readings if reading.run]
    usual = statistics.median(took) if took else 0.0
    least = QUICK_RUNS if usual <= _INSTANT else 3 if usual <= _QUICK else 1
    in_time = int(repeats.seconds / usual) if usual > 0 else _MOST
    return least, max(10, min(_MOST, in_time))


def _against(readings: Sequence[Reading]) -> str:
    runs, last = runs_of(readings), readings[-1]
    one_way = "bad" if runs.bad >= runs.good else "good"
    count = max(runs.bad, runs.good)
    why = next((r.judgement.why for r in reversed(readings) if isinstance(r.judgement, Bad | Good)), "")
    return f"{last.commit[:12]} is judged {one_way} in {count} of {runs.all} runs: {why}"
