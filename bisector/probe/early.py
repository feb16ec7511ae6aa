"""Stops a run early once its usage so far proves that its commit is bad.

A measured run is stopped by its ratio. Any other run is stopped by the limit (time or memory) that the bad
endpoint hits: once it is half way from the most that a good commit needs to that limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bisector.predicate import Bad, Ending, Measured, Predicate, Run
from bisector.probe.exact_figures import figures_repeat
from bisector.probe.reading import Reading
from bisector.probe.supervision import EarlyJudgement, Watch
from bisector.units import format_size

CLEAR = 2.0
"""The factor over the good endpoint's highest ratio that proves bad: outliers (one run in ten, by a
factor of 1.6) stay below it."""


FIRST = 1.5 * CLEAR
"""Like `CLEAR`, for the first run of the bad endpoint: its suite may have grown by half as much again as
predicates allow for between any two commits."""


SPREAD = 1.15
"""The factor by which a reference run may be slower than the fastest one on an equally fast machine."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The premise's readings of both endpoints when a run starts.

    If readings have no ratio, `good` has all good readings so far. A run that is certain to be bad may go on
    until it has taken `measured_for` seconds: if it ends by then, its ratio is measured.
    """

    good: tuple[Reading, ...]
    bad: tuple[Reading, ...]
    measured_for: float = 0.0

    @property
    def full_runs(self) -> tuple[Run, ...]:
        """The runs that were not stopped early."""
        readings = (reading for reading in (*self.good, *self.bad) if isinstance(reading.judgement, Measured))
        return tuple(reading.run for reading in readings if reading.run)


def bar(predicate: Predicate[Any], endpoints: Endpoints) -> float | None:
    """The ratio above which a run is certainly nearer to the bad endpoint than to the good one.

    Half way (on a log scale) between the highest ratio of good and the lowest of bad; None if that is not
    clear of good, unless figures repeat exactly. If the bad endpoint's runs were stopped early, its true
    ratio is higher than measured, so being clear of good is enough. For a first run of the bad endpoint,
    `FIRST`.
    """
    good, bad = (
        list(_ratios(predicate, readings, endpoints)) for readings in (endpoints.good, endpoints.bad)
    )
    if good and not endpoints.bad:
        return FIRST * max(1.0, *good, float(predicate.options.ratio) / CLEAR)
    if not good or not bad:
        return None
    highest, clear, middle = _between(good, bad)
    if middle > clear or (middle > highest and figures_repeat(predicate, endpoints)):
        return middle
    return clear if were_ended_early(endpoints.bad) and min(bad) > clear else None


def _between(good: Sequence[float], bad: Sequence[float]) -> tuple[float, float, float]:
    """The highest ratio of good, the one that is clear of it, and half way from it to the lowest of bad."""
    # A pair of good with itself below 1 is noise: good is not faster than itself.
    highest = max(1.0, *good)
    return highest, CLEAR * highest, math.sqrt(highest * min(bad))


def sure_from(good: Sequence[Reading], bad: Sequence[Reading]) -> float:
    """The measured ratio from which one pair is as sure a sign of bad as a run that was stopped early.

    `good` and `bad` are the premise's readings. `inf` unless each run of bad was stopped early.
    """
    at_good = [one.judgement.value for one in good if isinstance(one.judgement, Measured)]
    at_bad = [one.judgement.at_least or 0.0 for one in bad if isinstance(one.judgement, Bad)]
    if not at_good or not at_bad or not were_ended_early(bad):
        return math.inf
    _, clear, middle = _between(at_good, at_bad)
    return max(clear, middle)


def were_ended_early(bad: Sequence[Reading]) -> bool:
    """Whether each of these runs of bad was stopped early, so that its ratio is higher than measured."""
    judgements = [reading.judgement for reading in bad]
    return all(isinstance(one, Bad) and one.at_least is not None for one in judgements)


def standing_bar(predicate: Predicate[Any], endpoints: Endpoints | None) -> float | None:
    """The `bar`, if an earlier reference run is enough for runs well below it; else None.

    That holds if the bad endpoint is so slow that its runs were stopped early. For a bad commit to come that
    close to the fastest reference so far, the machine would have to speed up by the root of the bar.
    """
    if endpoints is None or not endpoints.bad or not were_ended_early(endpoints.bad):
        return None
    return bar(predicate, endpoints)


def _ratios(
    predicate: Predicate[Any], readings: Collection[Reading], endpoints: Endpoints
) -> Iterator[float]:
    """The measured ratios; for a run stopped at a limit, the least ratio it had reached."""
    for reading in readings:
        if isinstance(reading.judgement, Measured):
            yield reading.judgement.value
        elif isinstance(reading.judgement, Bad) and reading.run and reading.reference:
            yield least_of(predicate, endpoints, reading.run, reading.reference) or 0.0


def watching(
    own: Watch, predicate: Predicate[Any], endpoints: Endpoints | None, baseline: Run | None
) -> Watch:
    """`own`, plus bad once a paired run reaches the `bar`, or any other run half way to the limit.

    A paired run is not stopped at the bar before it has taken `endpoints.measured_for` seconds.
    """
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
        if run.wall < endpoints.measured_for:
            return None
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
        why = f"stopped at {say(reached)} without a result; good commits need {say(most)} at most"
        return Bad(why, reached / most)

    return watch


_Figure = Callable[[Run], float | None]
_Say = Callable[[float], str]


def _half_way(predicate: Predicate[Any], endpoints: Endpoints) -> tuple[_Figure, _Say, float, float] | None:
    """The figure that grows towards the limit, its format, the most that a good commit needs, and half way.

    Half way (on a log scale) from there to the limit. None if there is no such limit, or half way is not
    clear of good.
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
    """The figure whose limit stopped a run of the bad endpoint, and its format; None if no limit did."""
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
    """Seconds without waiting for a CPU, since load is not a bug; None if the machine does not measure it."""
    return run.with_a_cpu(run.wall) if run.contention.waited is not None else None


def _say_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def least_of(predicate: Predicate[Any], endpoints: Endpoints, run: Run, baseline: Run) -> float | None:
    """The least ratio that a run has reached, assuming a suite as large as any that ran in full."""
    return predicate.at_least(run, baseline, (*endpoints.full_runs, baseline))


def bad_before_its_end(
    predicate: Predicate[Any], endpoints: Endpoints, run: Run, baseline: Run, why: str
) -> Bad | None:
    """The judgement of a run that went on to be measured and failed (`why`); None if it was not yet bad.

    It would have been stopped as bad before it failed.
    """
    enough, least = bar(predicate, endpoints), least_of(predicate, endpoints, run, baseline)
    if not endpoints.measured_for or enough is None or least is None or least < enough:
        return None
    return Bad(f"at least {least:.1f}x the reference, then {why}", least)


def ended_at(run: Run, least: float) -> Bad:
    """The judgement of a run that was stopped at a ratio of at least `least`."""
    return Bad(f"stopped after {run.wall:.1f} s, already at least {least:.1f}x the reference", least)
