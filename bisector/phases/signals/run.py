"""The signals of a hunt, each with what a hunt by it would take."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bisector.hunt.events import Listener
from bisector.hunt.plan import Plan
from bisector.hunt.session import Session
from bisector.phases.signals.counters import names_in, pattern_of, with_counter
from bisector.phases.signals.estimate import Outlook, outlook
from bisector.phases.signals.measuring import LONGEST_SLOWED, Measurements, Obstacle, Runs, measured
from bisector.predicate import Measured, Predicate, Run
from bisector.probe.discovery import find_predicate

PLAIN = ("user_time", "wall_time", "peak_memory")
"""Predicates that need no options and no tool."""
_MOST_COUNTERS = 20


@dataclass(frozen=True, slots=True)
class Signal:
    """A figure to hunt by: its name, the predicate with its options, and what a hunt would take.

    `refused` is why it cannot be used; then there is no outlook. `each` are seconds a reading.
    """

    name: str
    predicate: Mapping[str, Any]
    outlook: Outlook | None = None
    each: float = math.inf
    refused: str = ""

    @property
    def finds(self) -> bool:
        """Whether it shows the step."""
        return self.outlook is not None and self.outlook.found

    @property
    def seconds(self) -> float:
        """Expected seconds of a search; infinite if it does not show the step."""
        return self.outlook.readings * self.each if self.outlook and self.finds else math.inf

    @property
    def proposal(self) -> dict[str, Any]:
        """The section `predicate` of the hunt file."""
        return {**self.predicate, **({"ratio": self.outlook.ratio} if self.outlook else {})}


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of a hunt, the soonest first; `candidates` is the number of commits to search.

    With an `obstacle`, nothing was measured. `exit_code` is that of all runs, None if they were not alike.
    """

    hunt: str
    found: tuple[Signal, ...]
    candidates: int
    build: float
    obstacle: Obstacle | None = None
    exit_code: int | None = None

    @property
    def best(self) -> Signal | None:
        """The signal that finds the step soonest, if any does."""
        return self.found[0] if self.found and self.found[0].finds else None


def find_signals(session: Session, listener: Listener, *, longest_slowed: float = LONGEST_SLOWED) -> Signals:
    """Run both endpoints, and compare what they show.

    A test that takes more than `longest_slowed` seconds is not tried under a tool that slows it down.
    """
    ground, plan = session.ground, session.plan
    taken = measured(session, listener, longest_slowed)
    found = sorted(_signals(plan, taken), key=lambda one: (one.seconds, -_separation(one)))
    code = taken.plain.good[0].exit_code if taken.plain.good else None
    return Signals(ground.hunt.hunt, tuple(found), len(plan.candidates), taken.build, taken.obstacle, code)


def _separation(signal: Signal) -> float:
    return signal.outlook.separation if signal.outlook else -1.0


def _signals(plan: Plan, taken: Measurements) -> Iterator[Signal]:
    for name in PLAIN:
        yield _signal(plan, name, {"name": name}, taken.plain, taken.build)
    yield _signal(plan, "instructions", {"name": "instructions"}, taken.counted, taken.build)
    runs = taken.plain
    if runs.refused:
        return
    for name in names_in([*runs.good, *runs.bad])[:_MOST_COUNTERS]:
        pattern = pattern_of(name)
        good, bad = (tuple(with_counter(run, pattern) for run in side) for side in (runs.good, runs.bad))
        choice = {"name": "counter", "pattern": pattern}
        one = _signal(plan, name, choice, Runs(good, bad), taken.build)
        if one.outlook is not None and one.outlook.step.ratio != 1:
            yield one


def _signal(plan: Plan, name: str, choice: Mapping[str, Any], runs: Runs, build: float) -> Signal:
    if runs.refused:
        return Signal(name, choice, refused=runs.refused)
    kind = find_predicate(choice["name"], Path())
    predicate = kind(kind.Options.model_validate({key: choice[key] for key in choice if key != "name"}))
    of_bad = _ratios(predicate, zip(runs.bad, runs.good, strict=True))
    of_good = _ratios(predicate, ((after, before) for before, after in pairwise(runs.good)))
    for ratios in (of_bad, of_good):
        if isinstance(ratios, str):
            return Signal(name, choice, refused=ratios)
    assert not isinstance(of_bad, str) and not isinstance(of_good, str)
    return Signal(name, choice, outlook(plan, of_good, of_bad), build + _test_seconds(predicate, runs))


def _test_seconds(predicate: Predicate[Any], runs: Runs) -> float:
    """Seconds of the runs of one reading; half of the candidates are bad."""
    good, bad = runs.seconds
    candidate = statistics.fmean((good, bad))
    return candidate if predicate.repeats else good + candidate


def _ratios(predicate: Predicate[Any], pairs: Iterator[tuple[Run, Run]]) -> Sequence[float] | str:
    """The measured ratios, or why one is missing."""
    values = []
    for run, baseline in pairs:
        judgement = predicate.judge(run, baseline)
        if not isinstance(judgement, Measured):
            return judgement.why
        values.append(judgement.value)
    return values
