"""Ranges that break the model, each in its own way."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.calibration.worlds import (
    Case,
    Probe,
    Steps,
    World,
    comes_and_goes,
    flips,
    measured,
    one_step,
    two_steps,
    verdicts,
)
from bisector.search import Bad, Exact, Flaky, Good, Measured, Outcome, Timing

Make = Callable[[random.Random], World]
Speed = Callable[[float], float]
"""The log slowness of the machine at a time, in readings since the start of the hunt."""

LASTS = 30.0
"""The approximate number of readings of a hunt."""
SIZES = ((0.05, 1.3), (0.1, 1.65), (0.1, 1.3))
"""Spread of the logarithm and factor of the step. Each hunt uses one pair."""


def trend(rng: random.Random, total: float) -> Speed:
    """The machine gets slower (or faster) steadily, by `total` over a hunt."""
    slope = rng.choice((-1, 1)) * math.log(total) / LASTS
    return lambda time: slope * time


def busy_spell(rng: random.Random, factor: float) -> Speed:
    """The machine is slower for a third of the hunt, which begins in its first two thirds."""
    begins = rng.uniform(0, LASTS * 2 / 3)
    return lambda time: math.log(factor) if begins <= time < begins + LASTS / 3 else 0.0


def drifting(speed: Callable[[random.Random], Speed], paired: bool) -> Make:
    """Values of a machine whose speed changes: plain seconds, or ratios to a reference that runs in turn."""

    def make(rng: random.Random) -> World:
        steps, (spread, factor) = one_step(rng), rng.choice(SIZES)
        slowness, level = speed(rng), steps.level() * math.log(factor)
        taken = iter(range(10**6))

        def probe(commit: int) -> Outcome:
            time = next(taken)
            if not paired:
                return Measured(math.exp(level[commit] + slowness(time) + rng.gauss(0.0, spread)))
            # Reference, candidate, reference, candidate: half their difference has the spread of one run.
            runs = [slowness(time + at / 4) + rng.gauss(0.0, spread) for at in range(4)]
            return Measured(math.exp(level[commit] + (runs[1] + runs[3] - runs[0] - runs[2]) / 2))

        return steps.world(probe)

    return make


def tailed(error: Callable[[random.Random, float, float], float]) -> Make:
    """Values with errors from `error(rng, spread, factor)`."""

    def make(rng: random.Random) -> World:
        steps, (spread, factor) = one_step(rng), rng.choice(SIZES)
        return steps.world(measured(steps, factor, lambda: error(rng, spread, factor)))

    return make


def student(freedom: int) -> Callable[[random.Random, float, float], float]:
    """Student's t, times the spread."""

    def error(rng: random.Random, spread: float, factor: float) -> float:
        chi = rng.gammavariate(freedom / 2, 2.0)
        return spread * rng.gauss(0.0, 1.0) / math.sqrt(chi / freedom)

    return error


def contaminated(rng: random.Random, spread: float, factor: float) -> float:
    """One reading in ten is slower by the size of the step."""
    return rng.gauss(0.0, spread) + (math.log(factor) if rng.random() < 0.1 else 0.0)


def wild(rng: random.Random, spread: float, factor: float) -> float:
    """One reading in ten has ten times the spread."""
    return rng.gauss(0.0, spread * (10 if rng.random() < 0.1 else 1))


def timed_steps(steps: Callable[[random.Random], Steps]) -> Make:
    """Values with these steps."""

    def make(rng: random.Random) -> World:
        made, (spread, factor) = steps(rng), rng.choice(SIZES)
        return made.world(measured(made, factor, lambda: rng.gauss(0.0, spread)))

    return make


def flaky_steps(steps: Callable[[random.Random], Steps], rate: float) -> Make:
    """Verdicts with these steps that flip at one rate."""

    def make(rng: random.Random) -> World:
        made = steps(rng)
        return made.world(flips(rng, made, rate, rate))

    return make


def two_bugs(rng: random.Random) -> World:
    """Two bugs that show in 60% and in 30% of the runs. Good commits fail in 2%."""
    steps = two_steps(rng)
    return steps.world(verdicts(rng, np.minimum(0.02 + 0.6 * steps.level(), 0.92)))


def rate_in_time(rate: Callable[[float], float]) -> Make:
    """Verdicts that flip at a rate that depends on the time, in readings since the start of the hunt."""

    def make(rng: random.Random) -> World:
        steps, taken = one_step(rng), iter(range(10**6))
        bad = steps.level() > 0

        def probe(commit: int) -> Outcome:
            flipped = rng.random() < rate(next(taken))
            return Bad() if bool(bad[commit]) != flipped else Good()

        return steps.world(probe)

    return make


def rate_in_history(rate: float) -> Make:
    """Verdicts that never flip before some commit, and flip at `rate` in it and its descendants."""

    def make(rng: random.Random) -> World:
        steps = one_step(rng)
        begins = rng.randrange(len(steps.graph))
        flaky = Steps(steps.graph, begins, {begins: 1.0}).level() > 0
        wrong = np.where(flaky, rate, 0.0)
        probe: Probe = verdicts(rng, np.where(steps.level() > 0, 1 - wrong, wrong))
        # The commit where the test becomes flaky is a true answer too, although not the expected one.
        return World(steps.graph, steps.culprit, frozenset({begins} - {steps.culprit}), probe)

    return make


def _drift() -> Iterator[tuple[str, Timing, Make]]:
    speeds: tuple[tuple[str, Callable[[random.Random], Speed]], ...] = (
        ("trend x1.5", lambda rng: trend(rng, 1.5)),
        ("busy spell x1.5", lambda rng: busy_spell(rng, 1.5)),
    )
    for name, speed in speeds:
        yield f"{name}, reference in turn", Timing(ratio=True), drifting(speed, paired=True)
        yield f"{name}, plain seconds", Timing(), drifting(speed, paired=False)


def cases() -> Iterator[Case]:
    """All cases that break the model."""
    for label, noise, make in _drift():
        yield Case("drift", label, noise, make)
    yield Case("heavy tails", "Student's t, 3 degrees of freedom", Timing(), tailed(student(3)))
    yield Case("heavy tails", "Student's t, 2 degrees of freedom", Timing(), tailed(student(2)))
    yield Case("heavy tails", "10% look like the other side", Timing(), tailed(contaminated))
    yield Case("heavy tails", "10% with ten times the spread", Timing(), tailed(wild))
    yield Case("two steps", "measured, the second half as big", Timing(), timed_steps(two_steps))
    yield Case("two steps", "two bugs, in 60% and 30% of runs", Flaky(), two_bugs)
    yield Case("comes and goes", "verdicts that never err", Exact(), flaky_steps(comes_and_goes, 0.0))
    yield Case("comes and goes", "flips at 0.05", Flaky(), flaky_steps(comes_and_goes, 0.05))
    yield Case("comes and goes", "measured", Timing(), timed_steps(comes_and_goes))
    yield Case(
        "rates change",
        "flips from 0.02 to 0.3 over the hunt",
        Flaky(),
        rate_in_time(lambda time: min(0.02 + 0.28 * time / LASTS, 0.3)),
    )
    yield Case(
        "rates change",
        "flips at 0.02, from reading 12 on at 0.25",
        Flaky(),
        rate_in_time(lambda time: 0.02 if time < 12 else 0.25),
    )
    yield Case("rates change", "flips at 0.15 from some commit on", Flaky(), rate_in_history(0.15))
    yield Case("rates change", "flips at 0.3 from some commit on", Flaky(), rate_in_history(0.3))
    yield Case("told wrongly", "Exact, though one verdict in 20 errs", Exact(), flaky_steps(one_step, 0.05))
