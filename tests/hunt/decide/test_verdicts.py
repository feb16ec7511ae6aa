"""The confirmation: whether all runs of a commit agree with the result of the search."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bisector.hunt.decide.premise import MoreReadings
from bisector.hunt.decide.verdicts import (
    Demand,
    Fails,
    Holds,
    Unknown,
    against_parent,
    by_runs,
    runs_in_time,
)
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Judgement, Measured, Run, Untestable
from bisector.probe.reading import Reading, Role

AT = datetime(2026, 1, 1, tzinfo=UTC)
EXACT = Demand(runs=3, most=60, confidence=0.99)
FLAKY = Demand(runs=3, most=60, confidence=0.99, rates=(0.01, 0.6))


def fresh(*judgements: Judgement, commit: str = "c1", about: str = "", against: str = "") -> list[Reading]:
    """Readings of a confirmation."""
    return [
        Reading(commit, Role.CONFIRMATION, one, AT, against=against, about=about, clean=True)
        for one in judgements
    ]


def test_one_accidental_pass_does_not_decide() -> None:
    """All runs of a commit that should be bad count, and the last one counts no more than the others."""
    assert isinstance(by_runs(fresh(*[Bad("b")] * 3), EXACT, bad_expected=True), Holds)
    assert isinstance(by_runs(fresh(*[Good("g")] * 3), EXACT, bad_expected=True), Fails)
    mixed = fresh(*[Bad("b")] * 5, Good("g"))
    assert isinstance(by_runs(mixed, FLAKY, bad_expected=True), Holds)
    assert isinstance(by_runs(mixed[:2], EXACT, bad_expected=True), MoreReadings)


def test_a_parent_is_run_as_often_as_the_failure_rate_asks_for() -> None:
    """For a bug that shows in 40% of the runs, 13 passes are just too few (0.6^13 is .13%), 14 are enough."""
    assert isinstance(by_runs(fresh(*[Good("g")] * 13), FLAKY, bad_expected=False), MoreReadings)
    assert isinstance(by_runs(fresh(*[Good("g")] * 14), FLAKY, bad_expected=False), Holds)
    assert isinstance(by_runs(fresh(*[Bad("b")] * 3), FLAKY, bad_expected=False), Fails)


@pytest.mark.parametrize(("clean", "verdict"), [(True, Holds), (False, MoreReadings)])
def test_runs_of_the_search_count_where_the_build_was_clean(clean: bool, verdict: type[object]) -> None:
    """Eleven passes in the search and three in the confirmation count as fourteen."""
    searched = [Reading("c1", Role.SEARCH, Good("g"), AT, clean=clean) for _ in range(11)]
    assert isinstance(by_runs([*searched, *fresh(*[Good("g")] * 3)], FLAKY, bad_expected=False), verdict)


def test_a_commit_that_cannot_be_tested_is_unknown() -> None:
    """The verdict gives the reason."""
    assert by_runs(fresh(Untestable("broken")), EXACT, bad_expected=False) == Unknown("broken")


def test_a_commit_that_can_be_tested_only_at_first_is_unknown() -> None:
    """It is not run again for ever: as many untestable runs as wanted runs are enough."""
    taken = fresh(Bad("b"), Untestable("no service"), Untestable("no service"))
    assert isinstance(by_runs(taken, EXACT, bad_expected=True), MoreReadings)
    verdict = by_runs([*taken, *fresh(Untestable("no service"))], EXACT, bad_expected=True)
    assert verdict == Unknown("no service (3 of 4 runs)")
    contradicted = fresh(Bad("b"), Bad("b"), Good("g"), *[Untestable("no service")] * 3)
    assert isinstance(by_runs(contradicted, FLAKY, bad_expected=False), Unknown)


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.1, 5, 60), (20, 3, 10), (60, 3, 10)])
def test_quick_tests_are_run_more_often(seconds: float, least: int, most: int) -> None:
    """Slow tests are run at least three times."""
    run = Run(wall=seconds, user=seconds, system=0.0)
    taken = [Reading("c1", Role.SEARCH, Good("g"), AT, run=run)]
    assert runs_in_time(taken, Repeats()) == (least, most)


def pairs(*ratios: float) -> list[Reading]:
    return fresh(*[Measured(one, "m") for one in ratios], against="c0")


def test_a_step_is_held_against_what_the_search_found() -> None:
    """1.2x is a step if the search found one of 1.2x, and no step if the search found one of 2x."""
    repeats = Repeats(least=3, most=12)
    seen = pairs(1.19, 1.21, 1.2, 1.18, 1.22)
    assert isinstance(against_parent(seen, repeats, 1.2), Holds)
    assert isinstance(against_parent(seen, repeats, 2.0), Fails)
    assert isinstance(against_parent(pairs(1.01, 0.99, 1.0), repeats, 1.2), Fails)


def test_pairs_are_read_on_while_their_interval_holds_both() -> None:
    """More pairs are read, up to `pairs.max`, while the interval contains both 1 and the step found."""
    unsure = (1.3, 0.9, 1.1)
    repeats = Repeats(least=3, most=6)
    assert isinstance(against_parent(pairs(*unsure), repeats, 1.2), MoreReadings)
    assert isinstance(against_parent(pairs(*unsure, *unsure), repeats, 1.2), Fails)


def test_one_pair_that_leaves_no_doubt_is_enough() -> None:
    """It gives the ratio. A pair below that ratio needs others, also if one of them is clear."""
    repeats = Repeats(least=3, most=12)
    found = against_parent(pairs(11.0), repeats, 2.0, sure=3.0)
    assert isinstance(found, Holds) and found.effect
    assert str(found.effect) == "11.00x"
    assert isinstance(against_parent(pairs(2.9), repeats, 2.0, sure=3.0), MoreReadings)
    assert isinstance(against_parent(pairs(2.9, 11.0), repeats, 2.0, sure=3.0), MoreReadings)
