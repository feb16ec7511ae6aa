"""Verdicts given halfway to a limit: what they may rely on, and how a hunt recovers from wrong ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import Conclusion, FirstBad
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import FakeEngine, bad_from, guilty_of, hunt, plan_of
from tests.hunt.test_jobs import graphs

LINE = [[], *([at] for at in range(19))]


@dataclass
class Presuming(FakeEngine):
    """Ends runs of `presumed` commits early, if allowed, and judges them bad. Keeps all requests."""

    presumed: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    """As `requests`, with what was learned after they were made."""

    def read(self, request: Request) -> Reading:
        """Half a run if the request allows it, or else a full run with the verdict of the judge."""
        self.requests.append(request)
        reading = super().read(request)
        if request.endpoints is None or request.commit not in self.presumed:
            return reading
        return replace(reading, judgement=Bad("half way to the limit", at_least=8.0))


def hunted(
    plan: Plan, first: str, between: Iterable[str] = (), jobs: int = 1, seed: int = 0
) -> tuple[Conclusion, Presuming, list[Reading]]:
    """A hunt for `first` in which all bad commits, and the good ones in `between`, are presumed bad."""
    presumed = guilty_of(plan, first).union(between)
    engine = Presuming(bad_from(plan, first), jobs=jobs, order=random.Random(seed), presumed=presumed)
    found, _, readings, _ = hunt(plan, engine.judge, engine=engine)
    return found, engine, readings


def was_presumed(reading: Reading) -> bool:
    return isinstance(reading.judgement, Bad) and reading.judgement.at_least is not None


def test_only_the_search_may_end_runs_early() -> None:
    """Requests of the search carry the bad readings of the premise. Other runs are never ended early."""
    plan = plan_of(LINE)
    found, engine, readings = hunted(plan, "c12")
    assert isinstance(found, FirstBad)
    at_bad = [one for one in readings if one.commit == plan.bad and one.role is Role.PREMISE]
    for request in engine.requests:
        assert (request.endpoints is not None) is (request.role is Role.SEARCH)
        assert request.endpoints is None or list(request.endpoints.bad) == at_bad
    assert {one.role for one in readings if was_presumed(one)} == {Role.SEARCH}


def test_all_good_readings_so_far_tell_what_good_needs() -> None:
    """A request carries all good readings so far, from the good endpoint and the search, and no bad ones."""
    plan = plan_of(LINE)
    _, engine, readings = hunted(plan, "c12")
    searches = [one for one in engine.requests if one.role is Role.SEARCH]
    first = next(at for at, one in enumerate(readings) if one.role is Role.SEARCH)
    for at, request in enumerate(searches, first):
        so_far = [one for one in readings[:at] if isinstance(one.judgement, Good)]
        assert request.endpoints is not None
        assert list(request.endpoints.good) == so_far
    assert {one.role for one in so_far} == {Role.PREMISE, Role.SEARCH}


def test_a_run_goes_by_what_was_known_when_it_began() -> None:
    """With several jobs, a search may begin before bad's premise is known, and does not learn it later."""
    plan = plan_of(LINE)
    known = []
    for seed in range(20):
        _, engine, readings = hunted(plan, "c12", jobs=3, seed=seed)
        at_bad = tuple(one for one in readings if one.commit == plan.bad and one.role is Role.PREMISE)
        for request in engine.requests:
            if request.role is Role.SEARCH:
                assert request.endpoints is not None and request.endpoints.bad in ((), at_bad)
                known.append(len(request.endpoints.bad))
    assert set(known) == {0, 1}


def test_a_merge_base_is_run_whole() -> None:
    """A merge base is tested once, and nothing would correct a wrong verdict."""
    plan = plan_of(LINE, merge_bases=("base",))
    _, engine, _ = hunted(plan, "c12")
    (asked,) = (one for one in engine.requests if one.role is Role.MERGE_BASE)
    assert asked.endpoints is None


def test_a_hunt_may_ask_for_whole_runs() -> None:
    """With `to_the_end`, no run of the search is ended early."""
    plan = replace(plan_of(LINE), to_the_end=True)
    found, engine, _ = hunted(plan, "c12", between=["c10", "c11"])
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == ("c12", True)
    assert [one.endpoints for one in engine.requests] == [None] * len(engine.requests)


@pytest.mark.parametrize("lowest", [2, 8, 11])
def test_a_culprit_that_was_only_presumed_is_found_out(lowest: int) -> None:
    """The confirmation fails. Then full runs lead to the true first bad commit, which is confirmed."""
    plan = plan_of(LINE)
    wrong = f"c{lowest}"
    found, _, readings = hunted(plan, "c12", [f"c{at}" for at in range(lowest, 12)])
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == ("c12", True)
    failed = next(at for at, one in enumerate(readings) if one.role is Role.CONFIRMATION)
    assert (readings[failed].commit, readings[failed].about) == (wrong, wrong)
    assert isinstance(readings[failed].judgement, Good)
    assert any(one.commit == wrong and was_presumed(one) for one in readings[:failed])
    assert not any(map(was_presumed, readings[failed:]))
    after = [one.commit for one in readings[failed:] if one.role is Role.SEARCH]
    assert "c12" in after
    # If the presumed verdicts still counted, verdicts would contradict each other and many commits would be
    # read again.
    assert len(after) == len(set(after)) <= 7


def test_presumed_verdicts_of_bad_commits_are_not_believed_either() -> None:
    """After a failed confirmation, a commit that was rightly presumed bad is read again with a full run."""
    plan = plan_of(LINE)
    _, _, readings = hunted(plan, "c12", ["c8", "c9", "c10", "c11"])
    failed = next(at for at, one in enumerate(readings) if one.role is Role.CONFIRMATION)
    rest = Presuming(bad_from(plan, "c12"))
    found, _, _, _ = hunt(plan, rest.judge, readings[: failed + 1], engine=rest)
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == ("c12", True)
    assert ("c12", Role.SEARCH) in rest.asked
    assert all(one.endpoints is None for one in rest.requests)


def test_a_right_answer_costs_nothing_more() -> None:
    """If every presumed verdict is right, no commit is searched twice."""
    plan = plan_of(LINE)
    _, early, _ = hunted(plan, "c12")
    _, whole, _ = hunted(replace(plan, to_the_end=True), "c12")
    assert early.asked == whole.asked


@settings(deadline=None, max_examples=40)
@given(graphs(), st.integers(1, 4), st.integers(0, 10**6), st.data())
def test_whatever_is_presumed_the_answer_is_right(
    parents: Sequence[Sequence[int]], jobs: int, seed: int, data: st.DataObject
) -> None:
    """In any history, with any good commits presumed bad, the true first bad commit is confirmed."""
    plan = plan_of(parents)
    ids = plan.candidates.ids
    first = data.draw(st.sampled_from(ids))
    between = data.draw(st.sets(st.sampled_from(ids)))
    found, _, _ = hunted(plan, first, between, jobs, seed)
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == (first, True)


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_a_presumption_that_is_contradicted_makes_no_test_flaky(jobs: int) -> None:
    """A good commit after a presumed bad one discards the presumption, and no commit is read often."""
    plan = plan_of(LINE)
    for lowest in range(2, 9):
        presumed = [f"c{at}" for at in range(lowest, lowest + 3)]
        found, _, readings = hunted(plan, "c15", presumed, jobs)
        assert isinstance(found, FirstBad)
        assert (found.commit, found.confirmed) == ("c15", True)
        searched = [one.commit for one in readings if one.role is Role.SEARCH and not was_presumed(one)]
        assert len(searched) == len(set(searched))
