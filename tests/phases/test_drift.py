"""Drift: slow changes are found long before a factor is exceeded, and noise does not count as one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bisector.phases.alarm.drift import FEWEST, Drift, Point, find_drift

START = datetime(2026, 1, 1, tzinfo=UTC)
LEAST = 1.2


def history(
    days: int,
    seed: int,
    course: Callable[[int], float] = lambda day: 1.0,
    spread: float = 0.1,
    memory: float = 0.0,
    spikes: float = 0.0,
) -> list[Point]:
    """Daily measurements of 100 ms times `course`, with noise. A share `memory` of the noise stays a day."""
    draw = random.Random(seed)
    points, noise = [], 0.0
    for day in range(days):
        fresh = draw.gauss(0, spread) + (draw.expovariate(1) if draw.random() < spikes else 0.0)
        noise = memory * noise + math.sqrt(1 - memory**2) * fresh
        points.append(Point(START + timedelta(days=day), f"c{day}", 100 * math.exp(noise) * course(day)))
    return points


def first_day(points: Sequence[Point]) -> tuple[int, Drift] | None:
    """The first day with a drift alarm, if somebody looks every day."""
    for day in range(1, len(points) + 1):
        if drift := find_drift(points[:day], LEAST):
            return day, drift
    return None


@pytest.mark.parametrize(
    "noise",
    [{"spread": 0.1}, {"spread": 0.3}, {"spikes": 0.1}, {"spread": 0.2, "memory": 0.5}],
    ids=["quiet", "loud", "spikes", "busy weeks"],
)
def test_noise_is_no_drift(noise: dict[str, float]) -> None:
    """Of 150 histories without any change, less than 2% give a false alarm."""
    told = sum(find_drift(history(60, seed, **noise), LEAST) is not None for seed in range(150))
    assert told < 3


def test_looking_each_day_gives_no_false_alarm() -> None:
    """Ninety looks at a growing history of noise give an alarm in at most one of 25 cases."""
    assert sum(first_day(history(90, seed)) is not None for seed in range(25)) < 2


@pytest.mark.parametrize("seed", range(5))
def test_a_creep_of_a_fifth_a_month_is_found_within_two_months(seed: int) -> None:
    """1.2x per month is reported as a creep with about that slope. A factor of 5 would need nine months."""
    found = first_day(history(120, seed, lambda day: 1.2 ** (day / 30)))
    assert found is not None
    day, drift = found
    assert day <= 65
    assert drift.per_month is not None
    assert drift.per_month == pytest.approx(1.2, rel=0.1)
    assert (drift.before.commit, drift.after.commit) == ("c0", f"c{day - 1}")


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_found_where_it_is(seed: int) -> None:
    """A single change of 1.5x is reported as a step, at most two commits off."""
    drift = find_drift(history(80, seed, lambda day: 1.5 if day >= 40 else 1.0), LEAST)
    assert drift is not None
    assert drift.per_month is None
    assert drift.ratio == pytest.approx(1.5, rel=0.1)
    assert abs(int(drift.after.commit[1:]) - 40) <= 2


@pytest.mark.parametrize(
    "course", [lambda day: 0.99**day, lambda day: 1.001**day], ids=["faster", "a trifle"]
)
def test_only_a_change_upwards_of_the_asked_size_is_told(course: Callable[[int], float]) -> None:
    """A speed-up is not a drift, and neither is 1.06x in two months."""
    assert find_drift(history(60, 1, course, spread=0.01), LEAST) is None


def test_a_few_points_say_nothing() -> None:
    """Below the minimum number of points there is no answer."""
    climbing = [Point(START + timedelta(days=day), f"c{day}", 2.0**day) for day in range(FEWEST + 1)]
    assert find_drift(climbing[: FEWEST - 1], LEAST) is None
    assert find_drift(climbing, LEAST) is not None


def test_many_runs_at_one_commit_are_one_point() -> None:
    """Many slow runs at one commit are not a drift."""
    quiet = history(12, 1, spread=0.01)
    crowded = [Point(START + timedelta(days=12, minutes=m), "c12", 300.0) for m in range(30)]
    assert find_drift([*quiet, *crowded], LEAST) is None


def test_equal_times_are_no_drift() -> None:
    """A clock that ticks in milliseconds gives the same number every day."""
    assert find_drift(history(40, 1, spread=0.0), LEAST) is None
