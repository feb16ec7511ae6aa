"""Ending a run early: what it has used so far tells that its commit is bad.

A measured run is ended by its ratio, any other by the limit (of time, of memory) at which the runs of the bad
endpoint ended: once it has gone half way there from the most that a good commit needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from bisector.predicate import Bad, Ending, Measured, Predicate, Run
from bisector.probe.reading import Reading
from bisector.probe.supervision import EarlyJudgement, Watch
from bisector.units import format_size

CLEAR = 2.0
"""How far above the highest ratio of the good endpoint certainty begins: an outlier (one run in ten, by a
factor of 1.6) does not get there."""


FIRST = 1.5 * CLEAR
"""As `CLEAR`, for the first run of the bad endpoint: its suite may have grown by half as much again as
predicates allow for between any two commits."""


SPREAD = 1.15
"""By so much may a run of the reference be slower than the fastest one, on a machine that is no slower."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What good and what bad looked like when a run began: the premise's readings of either endpoint.

    Where there is no ratio, `good` has all the good readings so far.
    """

    good: tuple[Reading, ...]
    bad: tuple[Reading, ...]

    @property
    def full_runs(self) -> tuple[Run, ...]:
        """The runs that came to their own end."""
        readings = (reading for reading in (*self.good, *self.bad) if isinstance(reading.judgement, Measured))
        return tuple(reading.run for reading in readings if reading.run)


def bar(predicate: Predicate[Any], endpoints: Endpoints) -> float | None:
    """The ratio from which on a run is nearer to the bad endpoint than to the good one beyond doubt.

    Half way (of the logarithm) between the highest ratio of good and the lowest of bad; None where that
    is not clear of good's. Where bad was ended early it lies higher than it was seen, so that to be clear
    of good is enough. For a run of the bad endpoint itself, of which nothing is known yet, `FIRST`.
    """
    good, bad = (
        list(_ratios(predicate, readings, endpoints)) for readings in (endpoints.good, endpoints.bad)
    )
    if good and not endpoints.bad:
        return FIRST * max(1.0, *good, float(predicate.options.ratio) / CLEAR)
    if not good or not bad:
        return None
    # A pair of good with itself that came out below 1 was lucky: good is no faster than itself.
    highest = max(1.0, *good)
    clear, middle = CLEAR * highest, math.sqrt(highest * min(bad))
    if middle > clear:
        return middle
    return clear if _ended_early(endpoints) and min(bad) > clear else None


def _ended_early(endpoints: Endpoints) -> bool:
    """Whether each run of bad was ended early, so that its ratio is more than was seen."""
    judgements = [reading.judgement for reading in endpoints.bad]
    return all(isinstance(one, Bad) and one.at_least is not None for one in judgements)


def standing_bar(predicate: Predicate[Any], endpoints: Endpoints | None) -> float | None:
    """The `bar`, where an earlier run of the reference does for a run that stays well below it; else None.

    That is so where the bad endpoint is so far off that its runs were ended early: for a bad commit to come
    that near to the fastest reference so far, the machine would have to become faster by the root of the bar.
    """
    if endpoints is None or not endpoints.bad or not _ended_early(endpoints):
        return None
    return bar(predicate, endpoints)


def _ratios(
    predicate: Predicate[Any], readings: Collection[Reading], endpoints: Endpoints
) -> Iterator[float]:
    """What was measured, or what a run that was stopped at a limit had come to by then."""
    for reading in readings:
        if isinstance(reading.judgement, Measured):
            yield reading.judgement.value
        elif isinstance(reading.judgement, Bad) and reading.run and reading.reference:
            yield least_of(predicate, endpoints, reading.run, reading.reference) or 0.0


def watching(
    own: Watch, predicate: Predicate[Any], endpoints: Endpoints | None, baseline: Run | None
) -> Watch:
    """`own`, and bad as soon as a paired run has come to the `bar`, any other half way to the limit."""
    if endpoints is None:
        return own
    if baseline is None:
        return _watching_limit(own, predicate, endpoints)
    enough = bar(predicate, endpoints)
    if enough is None:
        return own

    def watch(run: Run) -> EarlyJudgement | None:
        if certain := own(run):
            return certain
        least = least_of(predicate, endpoints, run, baseline)
        if least is None or least < enough:
            return None
        return ended_at(run, least)

    return watch


def _watching_limit(own: Watch, predicate: Predicate[Any], endpoints: Endpoints) -> Watch:
    half_way = _half_way(predicate, endpoints)
    if half_way is None:
        return own
    figure, say, most, enough = half_way

    def watch(run: Run) -> EarlyJudgement | None:
        if certain := own(run):
            return certain
        reached = figure(run)
        if reached is None or reached < enough:
            return None
        why = f"ended at {say(reached)} without an answer, where good commits need {say(most)} at most"
        return Bad(why, reached / most)

    return watch


_Figure = Callable[[Run], float | None]
_Say = Callable[[float], str]


def _half_way(predicate: Predicate[Any], endpoints: Endpoints) -> tuple[_Figure, _Say, float, float] | None:
    """What grows towards the limit, how to say it, the most that a good commit needs, and half way (of the
    logarithm) from there to the limit; None where there is no such limit, or half way is not clear of good.
    """
    limits = {_limit(predicate, reading.run) for reading in endpoints.bad if reading.run}
    limit = limits.pop() if len(limits) == 1 else None
    if limit is None:
        return None
    figure, say = limit
    good, bad = (
        [figure(reading.run) if reading.run else None for reading in readings]
        for readings in (endpoints.good, endpoints.bad)
    )
    if not good or not all(good) or not all(bad):
        return None
    most, least = max(one or 0.0 for one in good), min(one or 0.0 for one in bad)
    enough = math.sqrt(most * least)
    return (figure, say, most, enough) if enough >= CLEAR * most else None


def _limit(predicate: Predicate[Any], run: Run) -> tuple[_Figure, _Say] | None:
    """What a run of the bad endpoint had too much of, if it was ended for that."""
    if run.ending is Ending.MEMORY_LIMIT:
        return _memory, _say_memory
    if run.ending is Ending.TIMEOUT or (run.ending is Ending.JUDGED and predicate.allows_for_waiting):
        return _seconds, _say_seconds
    return None


def _memory(run: Run) -> float | None:
    return run.peak_memory


def _say_memory(size: float) -> str:
    return format_size(round(size))


def _seconds(run: Run) -> float | None:
    """Without the waiting for a CPU; None where the machine does not tell it: a crowd is no bug."""
    return run.with_a_cpu(run.wall) if run.contention.waited is not None else None


def _say_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def least_of(predicate: Predicate[Any], endpoints: Endpoints, run: Run, baseline: Run) -> float | None:
    """The ratio that a run has come to at least; its suite is as large as any that was run whole."""
    return predicate.at_least(run, baseline, (*endpoints.full_runs, baseline))


def ended_at(run: Run, least: float) -> Bad:
    """The judgement of a run that was ended once it had come to `least`, as a ratio."""
    return Bad(f"ended after {run.wall:.1f} s, already at {least:.1f}x the reference's or more", least)
