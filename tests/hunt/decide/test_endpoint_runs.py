"""The endpoints' runs that other runs are reviewed by: the same after any interruption."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import FirstBad
from bisector.hunt.decide.endpoint_runs import ends_of, reviewed_by
from bisector.hunt.stored import reading_from_row, reading_to_row
from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Match, Run, Undecided, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import FakeEngine, Interrupted, bad_from, hunt, plan_of

LINE = [[], *([at] for at in range(19))]


def reading(
    commit: str, judgement: Judgement, run: Run | None, minute: int, role: Role = Role.PREMISE
) -> Reading:
    """A reading taken so many minutes after midnight."""
    return Reading(commit, role, judgement, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), run)


def run(code: int = 0, output: str = "", ending: Ending = Ending.EXITED) -> Run:
    return Run(1.0, 1.0, 0.0, ending=ending, exit_code=code, output=output)


def test_the_first_whole_run_that_is_what_it_was_said_to_be() -> None:
    """Whatever the order in which readings are listed; a run ended early or judged otherwise is not it."""
    readings = [
        reading("b", Bad("x"), run(3), 9),
        reading("g", Good("x"), run(4), 8),
        reading("g", Good("x"), run(1), 3),
        reading("g", Bad("x"), run(2), 1),
        reading("g", Undecided("x"), run(5), 0),
        reading("b", Bad("x"), run(6, ending=Ending.JUDGED), 4),
        reading("b", Bad("x"), run(7), 2, Role.VERIFICATION),
        reading("b", Untestable("x"), None, 1),
    ]
    assert ends_of("g", "b", readings) == Ends(run(1), run(3))
    assert ends_of("g", "b", readings[::-1]) == Ends(run(1), run(3))


@given(st.text(max_size=30), st.integers(0, 9000), st.integers(0, 300))
def test_the_journal_gives_the_same_runs_back(line: str, noise: int, matches: int) -> None:
    """So a resumed hunt reviews as the first start did, however much a test prints."""
    found = [Match(float(at), line, (line, None)) for at in range(matches)]
    before = reading("g", Good("x"), replace(run(0, "x" * noise + line), matches={"p": found}), 0)
    after = reading_from_row(reading_to_row(before))
    assert ends_of("g", "b", [before]) == ends_of("g", "b", [after])


def test_an_endpoints_own_first_run_stands_for_it() -> None:
    """The good endpoint is normal by itself; the bad one fails like itself."""
    for commit, ends in (("g", Ends(good=run(7))), ("b", Ends(bad=run(7))), ("c", Ends())):
        assert reviewed_by(Request(commit, Role.PREMISE), "g", "b", ()).ends_with(run(7)) == ends
    known = [reading("g", Good("x"), run(1), 0)]
    assert reviewed_by(Request("g", Role.PREMISE), "g", "b", known).ends_with(run(7)) == Ends(good=run(1))


class Asked(FakeEngine):
    """Remembers the requests in the order in which they begin."""

    def begin(self, request: Request) -> None:
        """Take the request up."""
        self.requests = [*getattr(self, "requests", []), request]
        super().begin(request)


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 4), st.integers(0, 10**6), st.integers(1, 6))
def test_every_commit_is_reviewed_by_both_endpoints(jobs: int, seed: int, stop_after: int) -> None:
    """Good is read first, then bad, then the others, with any number of jobs and after an interruption."""
    plan = replace(plan_of(LINE), in_turn=True)
    judge = bad_from(plan, "c11")
    engine = Asked(judge, jobs=jobs, order=random.Random(seed))
    with pytest.raises(Interrupted) as interrupted:
        hunt(plan, judge, engine=engine, stop_after=stop_after)
    engine.begun.clear()
    journal = [reading_from_row(reading_to_row(one)) for one in interrupted.value.journal]
    found, _, _, _ = hunt(plan, judge, journal, engine=engine)
    assert isinstance(found, FirstBad)
    assert found.commit == "c11"
    first, second, *others = engine.requests
    assert (first.commit, first.ends, first.endpoint) == (plan.good[0], Ends(), "good")
    assert (second.commit, second.ends.bad, second.endpoint) == (plan.bad, None, "bad")
    assert second.ends.good is not None
    assert {(one.ends.good is None, one.ends.bad is None) for one in others} == {(False, False)}
    ends = {repr(one.ends) for one in others}
    assert len(ends) == 1


def test_a_plan_without_reviews_reads_both_endpoints_at_once() -> None:
    """Waiting is only for predicates that need it."""
    plan = plan_of(LINE)
    judge = bad_from(plan, "c11")
    engine = Asked(judge, jobs=2)
    hunt(plan, judge, engine=engine)
    assert engine.requests[1].ends == Ends()
