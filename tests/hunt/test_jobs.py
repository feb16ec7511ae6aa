"""Several readings at once give the same answers in fewer rounds, and nothing is read twice."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import AnyOf, FirstBad, NoRegression
from bisector.hunt.decide.verdicts import QUICK_RUNS
from bisector.predicate import Good
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import FakeEngine, Interrupted, bad_from, hunt, plan_of, slower_from

LINE = [[], *([at] for at in range(59))]


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Histories of up to 24 commits, each with up to two parents."""
    size = draw(st.integers(1, 24))
    parents: list[list[int]] = [[]]
    for at in range(1, size):
        parents.append(sorted(draw(st.sets(st.integers(max(0, at - 4), at - 1), min_size=1, max_size=2))))
    heads = set(range(size)).difference(*parents)
    return parents if len(heads) == 1 else [*parents, sorted(heads)]


def kinds(readings: Sequence[Reading]) -> Counter[tuple[str, Role]]:
    """How often each commit was read, without the confirmation, which reads a commit several times."""
    return Counter((one.commit, one.role) for one in readings if one.role is not Role.CONFIRMATION)


class Once(FakeEngine):
    """Begins nothing that was already read, and does not always wait for a reading to end."""

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """Return nothing in half of the calls that do not wait forever."""
        if longest is not None and self.order.random() < 0.5:
            return None
        return super().next(longest)

    def begin(self, request: Request) -> None:
        """Accept the request, and fail if its answer is known."""
        assert request.role is Role.CONFIRMATION or (request.commit, request.role) not in self.asked
        super().begin(request)


@settings(deadline=None, max_examples=40)
@given(graphs(), st.integers(2, 5), st.integers(0, 10**6), st.data())
def test_any_order_of_ends_leads_to_the_first_bad_commit(
    parents: list[list[int]], jobs: int, seed: int, data: st.DataObject
) -> None:
    """Whatever ends first, the answer is right and confirmed, and the search reads no commit twice."""
    plan = plan_of(parents)
    first = data.draw(st.sampled_from(plan.candidates.ids))
    judge = bad_from(plan, first)
    engine = Once(judge, jobs=jobs, order=random.Random(seed))
    found, _, readings, _ = hunt(plan, judge, engine=engine)
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (first, True)
    assert not engine.begun
    assert engine.most <= jobs
    again = kinds(readings)
    assert set(again.values()) == {1}
    assert again["good", Role.PREMISE] == 1
    # A reading of the bad endpoint for the search or the confirmation serves the premise too.
    assert plan.bad in {commit for commit, _ in again}


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 24), st.integers(2, 4), st.integers(0, 10**6), st.integers(1, 9), st.data())
def test_what_was_read_before_an_interruption_is_not_begun_again(
    size: int, jobs: int, seed: int, stop_after: int, data: st.DataObject
) -> None:
    """A reading that was started early is not in the journal until the hunt asks for it."""
    plan = plan_of([[at - 1] if at else [] for at in range(size)])
    first = data.draw(st.sampled_from(plan.candidates.ids))
    judge = bad_from(plan, first)
    engine = Once(judge, jobs=jobs, order=random.Random(seed))
    try:
        journal = hunt(plan, judge, stop_after=stop_after, engine=engine)[2]
    except Interrupted as stopped:
        journal = stopped.journal
    again = Once(judge, jobs=jobs, order=random.Random(seed + 1))
    again.asked = [(reading.commit, reading.role) for reading in journal]
    found, _, readings, _ = hunt(plan, judge, journal, engine=again)
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (first, True)
    assert set(kinds(readings).values()) == {1}


@pytest.mark.parametrize("first", ["c12", "c15", "c18", "c21"])
def test_a_confirmation_that_was_not_asked_for_waits(first: str) -> None:
    """A confirmation that was started early has no effect if the search ends with another commit."""
    plan = plan_of([[at - 1] if at else [] for at in range(24)])
    judge = bad_from(plan, first)
    whole = [one for one in hunt(plan, judge)[2] if one.role is not Role.CONFIRMATION]
    for order in range(24):
        engine = FakeEngine(judge, jobs=3, order=random.Random(order))
        found, _, readings, _ = hunt(plan, judge, whole[:5], engine=engine)
        assert isinstance(found, FirstBad)
        assert (found.commit, found.confirmed) == (first, True)
        assert set(kinds(readings).values()) == {1}


@settings(deadline=None, max_examples=20)
@given(graphs(), st.integers(2, 4), st.integers(0, 10**6), st.data())
def test_untestable_commits_among_several_readings(
    parents: list[list[int]], jobs: int, seed: int, data: st.DataObject
) -> None:
    """The answer contains the first bad commit, whichever commits do not build."""
    plan = plan_of(parents)
    first = data.draw(st.sampled_from(plan.candidates.ids))
    broken = data.draw(st.sets(st.sampled_from(plan.candidates.ids))) - {plan.bad}
    judge = bad_from(plan, first, broken)
    found, _, _, _ = hunt(plan, judge, engine=FakeEngine(judge, jobs=jobs, order=random.Random(seed)))
    assert isinstance(found, FirstBad | AnyOf)
    assert first in (found.commits if isinstance(found, AnyOf) else (found.commit,))


@pytest.mark.parametrize("jobs", [2, 3])
def test_rounds_are_those_of_a_search_with_so_many_answers_at_once(jobs: int) -> None:
    """A line of n commits takes about log n / log (jobs + 1) rounds if each round ends at once."""
    plan = plan_of(LINE)
    for first in range(0, 60, 7):
        engine = Rounds(bad_from(plan, f"c{first}"), jobs=jobs)
        found, _, _, _ = hunt(plan, engine.judge, engine=engine)
        assert isinstance(found, FirstBad)
        # In addition to the search: at most two rounds for the endpoints, and the runs of the confirmation.
        assert engine.rounds <= math.ceil(math.log(60, jobs + 1)) + 2 + 2 * QUICK_RUNS


def test_no_regression_is_told_although_the_search_was_under_way() -> None:
    """Readings of the search that were taken early are kept, and do not count if the premise is wrong."""
    plan = plan_of(LINE)
    engine = FakeEngine(lambda c, a: Good("fine"), jobs=4)
    found, _, readings, _ = hunt(plan, engine.judge, engine=engine)
    assert isinstance(found, NoRegression)
    assert kinds(readings)["good", Role.PREMISE]


@pytest.mark.parametrize("paired", [False, True])
def test_what_is_built_ahead_is_asked_for(paired: bool) -> None:
    """Almost every commit that is read was named for building ahead while another one was tested."""
    plan = plan_of(LINE, ratio=1.5 if paired else None)
    judge = slower_from(plan, "c21", 6.0, 0.02, 1) if paired else bad_from(plan, "c21")
    engine = FakeEngine(judge, builds_ahead=True)
    found, _, readings, _ = hunt(plan, judge, engine=engine)
    assert isinstance(found, FirstBad)
    named = {request.commit for likely in engine.ahead for request in likely}
    assert {reading.commit for reading in readings} - named <= {"good"}
    fresh = {request.commit for likely in engine.ahead for request in likely if request.clean}
    assert "c21" in fresh


class Rounds(FakeEngine):
    """All running requests end together. `rounds` counts how often that happened."""

    rounds = 0
    left = 0

    def next(self, longest: float | None = None) -> Reading:
        if not self.left:
            self.rounds += 1
            self.left = len(self.begun)
        self.left -= 1
        return self.read(self.begun.pop(0))
