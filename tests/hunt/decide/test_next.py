"""The next step depends on the readings, not on their order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.decide.next import Decider
from bisector.hunt.decide.step import Conclude, Read, Running, Wait
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement
from bisector.probe.reading import Reading, Role
from tests.hunt.fake_engine import FakeEngine, Judge, bad_from, guilty_of, hunt, plan_of, slower_from
from tests.hunt.test_jobs import graphs

LINE = [[at - 1] if at else [] for at in range(24)]


def flaky_from(plan: Plan, first: str, share: float, seed: int) -> Judge:
    """A test that fails in this share of its runs from the commit `first` on."""
    guilty, rng = guilty_of(plan, first), random.Random(seed)

    def judge(commit: str, _against: str) -> Judgement:
        return Bad("fails") if commit in guilty and rng.random() < share else Good("passes")

    return judge


def taken(plan: Plan, judge: Judge, jobs: int = 1, seed: int = 0) -> list[Reading]:
    """The readings of a complete hunt, each with its own time."""
    engine = FakeEngine(judge, jobs=jobs, order=random.Random(seed))
    _, _, readings, _ = hunt(plan, judge, engine=engine)
    return [replace(one, at=one.at + timedelta(seconds=at)) for at, one in enumerate(readings)]


def assert_order_means_nothing(plan: Plan, readings: list[Reading], seed: int) -> None:
    rng = random.Random(seed)
    for length in {0, 1, len(readings) // 2, len(readings) - 1, len(readings)}:
        known = readings[:length]
        expected = Decider(plan).next(Known(tuple(known)))
        for _ in range(3):
            rng.shuffle(known)
            assert Decider(plan).next(Known(tuple(known))) == expected


@settings(deadline=None, max_examples=25)
@given(graphs(), st.integers(1, 3), st.integers(0, 10**6), st.data())
def test_the_rows_of_a_hunt_may_be_shuffled(
    parents: list[list[int]], jobs: int, seed: int, data: st.DataObject
) -> None:
    """The step is the same at every point of a hunt, in any history, with any number of jobs."""
    plan = plan_of(parents)
    ids = plan.candidates.ids
    judge = bad_from(
        plan, data.draw(st.sampled_from(ids)), data.draw(st.sets(st.sampled_from(ids[:-1] or ids)))
    )
    assert_order_means_nothing(plan, taken(plan, judge, jobs, seed), seed)


@pytest.mark.parametrize("seed", range(4))
def test_so_may_those_of_flaky_and_of_measured_hunts(seed: int) -> None:
    """Contradicting verdicts, measured values and failed confirmations lead to the same step in any order."""
    plan = plan_of(LINE)
    assert_order_means_nothing(plan, taken(plan, flaky_from(plan, "c15", 0.5, seed)), seed)
    forgetful = plan_of(LINE, keep=[at for at in range(24) if at != 11])
    assert_order_means_nothing(forgetful, taken(forgetful, bad_from(forgetful, "c11")), seed)
    paired = plan_of(LINE, ratio=1.15)
    assert_order_means_nothing(paired, taken(paired, slower_from(paired, "c9", 1.5, 0.05, seed)), seed)


def test_both_endpoints_are_wanted_at_once() -> None:
    """Each needs a reading, whatever the result of the other. Good comes first."""
    plan = plan_of(LINE)
    step = Decider(plan).next(Known())
    assert isinstance(step, Read)
    assert [(one.commit, one.role) for one in step.requests] == [
        ("good", Role.PREMISE),
        ("c23", Role.PREMISE),
    ]


def test_a_running_search_that_still_tells_something_stays_wanted() -> None:
    """A running search comes before the next proposal. If there is nothing else to ask, the hunt waits."""
    plan = plan_of(LINE[:4])
    judge = bad_from(plan, "c1")
    readings = [one for one in taken(plan, judge) if one.role is Role.PREMISE]
    step = Decider(plan).next(Known(tuple(readings)))
    assert isinstance(step, Read)
    running = list(step.requests)
    while isinstance(step, Read):
        step = Decider(plan).next(Known(tuple(readings)), [Running(one) for one in running])
        assert step.requests[: len(running)] == tuple(running)
        running = list(step.requests)
    assert isinstance(step, Wait)


def test_the_end_of_the_time_ends_the_hunt() -> None:
    """The hunt ends with the candidates that are left. If it has its answer, it may still confirm it."""
    plan = plan_of(LINE)
    readings = taken(plan, bad_from(plan, "c9"))
    premise = tuple(one for one in readings if one.role is Role.PREMISE)
    assert isinstance(Decider(plan).next(Known(premise), spent=True), Conclude)
    searched = tuple(one for one in readings if one.role is not Role.CONFIRMATION)
    assert isinstance(Decider(plan).next(Known(searched), spent=True), Read)
