"""`good: auto`: find a good commit by walking back along first parents in doubling steps."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bisector.hunt.conclusion import BadIsGood, GoodIsBad, NoRegression
from bisector.hunt.decide import premise
from bisector.hunt.decide.verdicts import QUICK_RUNS
from bisector.hunt.plan import Repeats
from bisector.predicate import Good, Untestable
from bisector.probe.reading import Reading, Role

_QUICK = 1.0
"""A commit whose runs take up to this many seconds is good after `QUICK_RUNS` passes, any other after one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A good commit."""

    commit: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Read `commit` next, against the build of `against` if that is not empty."""

    commit: str
    against: str = ""
    clean: bool = False
    """Whether to build it clean, because its readings so far may come from a shared build."""


@dataclass(frozen=True, slots=True)
class NoneFound:
    """No testable commit on the line is good; `oldest` is the oldest one tried."""

    oldest: str


def step(
    line: Sequence[str], readings: Sequence[Reading], repeats: Repeats, ratio: float | None
) -> Found | Ask | NoneFound:
    """What to do next on `line` (bad first, then its first parents back in time), from readings alone.

    Distances from bad are 1, 2, 4, ... and finally the end of the line; an untestable commit is replaced by
    the next older one. A paired predicate measures bad against the older commit.
    """
    oldest = line[0]
    for distance in _distances(len(line)):
        for commit in line[distance : 2 * distance]:
            answer = _is_good(line[0], commit, readings, repeats, ratio)
            if isinstance(answer, Ask):
                return answer
            oldest = commit
            if answer is not None:
                if answer:
                    return Found(commit)
                break
    if ratio is None and oldest != line[0] and not any(r.commit == oldest and r.clean for r in readings):
        return Ask(oldest, clean=True)
    return NoneFound(oldest)


def _passes(readings: Sequence[Reading]) -> int:
    """How often a commit must pass to be good: a bad one may pass by chance, and quick runs cost little."""
    usual = statistics.median(reading.run.wall if reading.run else 0.0 for reading in readings)
    return QUICK_RUNS if usual <= _QUICK else 1


def _distances(length: int) -> list[int]:
    doubling = [2**power for power in range(length.bit_length()) if 2**power < length - 1]
    return [*doubling, length - 1] if length > 1 else []


def _is_good(
    bad: str, commit: str, readings: Sequence[Reading], repeats: Repeats, ratio: float | None
) -> bool | Ask | None:
    """Whether bad differs from this commit; None if it cannot be tested."""
    if ratio is None:
        own = [r for r in readings if r.commit == commit and r.role is Role.PREMISE]
        own = [r for r in own if r.clean] or own
        if not own:
            return Ask(commit)
        if isinstance(own[-1].judgement, Untestable):
            return None
        if not all(isinstance(reading.judgement, Good) for reading in own):
            return False
        return True if len(own) >= _passes(own) else Ask(commit, clean=own[-1].clean)
    itself = [r for r in readings if r.commit == commit and r.against == commit]
    against = [r for r in readings if r.commit == bad and r.against == commit]
    if any(isinstance(r.judgement, Untestable) for r in (*itself, *against)):
        return None
    decision = premise.decide(itself, against, repeats, ratio)
    if isinstance(decision, premise.MoreReadings):
        return Ask(commit if decision.of_good else bad, commit)
    return not isinstance(decision, NoRegression | GoodIsBad | BadIsGood)
