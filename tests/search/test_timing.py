"""Measured values."""

from __future__ import annotations

import math

import pytest

from bisector.errors import UsageError
from bisector.search import Bad, FirstBad, Good, Measured, NoRegression, Search, Timing
from tests.search.driving import chain, hunt, timed


@pytest.mark.parametrize(
    ("factor", "spread", "most"), [(1.5, 0.05, 25), (20.0, 0.3, 30), (1.3, 0.1, 80), (1.02, 0.001, 25)]
)
def test_a_step_is_found_without_a_threshold(factor: float, spread: float, most: int) -> None:
    """Small and large steps with small and large spreads are found within a budget."""
    graph = chain(200)
    search = Search(graph, noise=Timing())
    probes = hunt(search, timed(graph, 77, factor, spread, seed=2))
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == 77
    assert probes <= most


def test_a_counter_without_any_spread_is_searched() -> None:
    """Identical values on each side (allocated words) are not a degenerate case."""
    graph = chain(300)
    search = Search(graph, noise=Timing())
    hunt(search, lambda commit: Measured(1_030_000.0 if commit >= 123 else 1_000_000.0), most=40)
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == 123


def test_a_speed_up_is_found_in_either_direction() -> None:
    """Directions "down" and "either" find a step to less. "up" finds no regression in the same range."""
    graph = chain(50)
    for direction in ("down", "either"):
        search = Search(graph, noise=Timing(direction=direction))
        hunt(search, timed(graph, 20, 0.5, 0.05, seed=4))
        assert isinstance(search.conclusion, FirstBad)
        assert search.conclusion.commit == 20


def test_values_that_do_not_differ_end_with_no_regression() -> None:
    """Pure noise is "no regression" after a limited number of probes."""
    graph = chain(40)
    search = Search(graph, noise=Timing())
    assert hunt(search, timed(graph, None, 1.0, 0.03, seed=6)) <= 100
    assert isinstance(search.conclusion, NoRegression)


def test_a_step_below_the_demanded_ratio_does_not_count() -> None:
    """With min_ratio 1.5, a step of 1.1 is not a regression."""
    graph = chain(50)
    search = Search(graph, noise=Timing(min_ratio=1.5))
    hunt(search, timed(graph, 20, 1.1, 0.02, seed=1))
    assert isinstance(search.conclusion, NoRegression)


def test_ratios_to_the_good_endpoint_need_fewer_readings_of_it() -> None:
    """With ratio=True, a first reading far above 1 is already bad."""
    search = Search(chain(10), noise=Timing(ratio=True))
    search.observe(4, Measured(3.0))
    assert search.probability_bad(4) > 0.9


def test_plain_verdicts_count_beside_measured_values() -> None:
    """A test that times out is bad without a number."""
    search = Search(chain(10), noise=Timing())
    search.observe(3, Good())
    search.observe(7, Bad())
    assert search.probability_bad(3) < 0.1 < 0.9 < search.probability_bad(7)


def test_the_shape_of_a_unit_does_not_matter() -> None:
    """Seconds and milliseconds give the same posterior."""
    posteriors = []
    for unit in (1.0, 1000.0):
        search = Search(chain(10), noise=Timing())
        for commit, value in ((-1, 1.0), (4, 1.05), (9, 1.6), (7, 1.5)):
            search.observe(commit, Measured(unit * value))
        posteriors.append(search.posterior)
    assert posteriors[0] == pytest.approx(posteriors[1], abs=0.02)


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_values_without_a_logarithm_are_refused(value: float) -> None:
    """Zero, negative and infinite values are faults of the measurement."""
    with pytest.raises(UsageError, match="positive"):
        Measured(value)


def test_a_bad_side_that_never_finishes_is_not_asked_for_ever() -> None:
    """Candidates that time out give verdicts, however often a value is requested."""
    graph = chain(32)
    search = Search(graph, noise=Timing(ratio=True))
    measured = timed(graph, 14, 12.0, 0.05, seed=8)
    for commit in (-1, 31) * 3:
        search.observe(commit, measured(commit))
    hunt(search, lambda commit: Bad() if 14 <= commit < 31 else measured(commit), most=40)
    assert isinstance(search.conclusion, FirstBad)
    assert search.conclusion.commit == 14


@pytest.mark.parametrize("wild", [{4: 0.6, 9: 1.8}, {4: 1.4, 9: 0.7, 14: 2.2}])
def test_readings_known_to_be_disturbed_leave_the_spread_of_the_others(wild: dict[int, float]) -> None:
    """Wild values make the search expect wild values everywhere, unless load explains them."""
    apart = []
    for spread in (0.0, 0.6):
        search = Search(chain(20), noise=Timing(ratio=True))
        for turn in range(3):
            search.observe(-1, Measured(1.0 + 0.01 * turn))
            search.observe(19, Measured(1.5 + 0.01 * turn))
        for commit, value in wild.items():
            search.observe(commit, Measured(value, spread))
        apart.append(search.separation or 0.0)
    untold, told = apart
    assert told > 2 * untold


def test_a_disturbed_reading_tells_less_than_an_undisturbed_one() -> None:
    """The more load disturbed a reading, the less it moves the belief."""
    moved = []
    for spread in (0.0, 0.1, 0.4, 3.0):
        search = Search(chain(20), noise=Timing(ratio=True))
        for _ in range(3):
            search.observe(-1, Measured(1.0 + 0.01 * len(search.observations)))
            search.observe(19, Measured(1.5 + 0.01 * len(search.observations)))
        search.observe(9, Measured(1.5, spread=spread))
        moved.append(search.probability_bad(9))
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0.9
    assert moved[-1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("spread", [-0.1, math.nan, math.inf])
def test_a_spread_that_is_none(spread: float) -> None:
    """The spread of a single reading is a finite number that is not negative."""
    with pytest.raises(UsageError, match="spread of a measured value"):
        Measured(1.0, spread)
