"""Commits that are found not to build before the search asks for them are never waited for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import AnyOf, FirstBad
from bisector.hunt.explanation import Why, steps
from bisector.hunt.known import Known
from bisector.probe.reading import KnownUntestable, Reading, Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import FakeEngine, Interrupted, bad_from, hunt, plan_of
from tests.hunt.test_jobs import graphs

LINE = [[], *([at] for at in range(39))]
WHY = "does not build"


@dataclass
class Telling(FakeEngine):
    """Reports `broken` commits as untestable as soon as they may be built ahead."""

    broken: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    news: list[KnownUntestable] = field(default_factory=list)

    def build_ahead(self, likely: Callable[[], Sequence[Request]]) -> None:
        """Report each commit once, unless it runs."""
        for request in likely():
            commit = request.commit
            busy = [one.commit for one in self.begun]
            if commit in self.broken.difference(self.told, busy) and request.role is Role.SEARCH:
                self.told.append(commit)
                self.news.append(KnownUntestable(commit, WHY, datetime(2026, 1, 1, tzinfo=UTC), 3.0))

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """Return reports first."""
        return self.news.pop(0) if self.news else super().next(longest)


def hunted(
    parents: Sequence[Sequence[int]], culprit: str, broken: set[str], jobs: int, seed: int
) -> tuple[object, Telling, list[Reading]]:
    plan = plan_of(parents)
    judge = bad_from(plan, culprit, broken)
    engine = Telling(judge, jobs=jobs, order=random.Random(seed), broken=broken)
    found, _, readings, _ = hunt(plan, judge, engine=engine)
    return found, engine, readings


@settings(max_examples=30, deadline=None)
@given(graphs(), st.data(), st.sampled_from([1, 2, 3]), st.integers(0, 9))
def test_the_answer_is_the_same_and_none_is_read_twice(
    parents: list[list[int]], data: st.DataObject, jobs: int, seed: int
) -> None:
    """No reported commit is read, and the answer is the first bad commit or a set that contains it."""
    names = [f"c{at}" for at in range(len(parents))]
    culprit = data.draw(st.sampled_from(names))
    inner = sorted(set(names) - {culprit, names[-1]})
    broken = set(data.draw(st.lists(st.sampled_from(inner), max_size=8))) if inner else set()
    found, engine, readings = hunted(parents, culprit, broken, jobs, seed)
    if isinstance(found, FirstBad):
        assert found.commit == culprit
    else:
        assert isinstance(found, AnyOf) and culprit in found.commits
    assert not set(engine.told) & {one.commit for one in readings if one.role is Role.SEARCH}


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([1, 2, 3]), st.integers(0, 99), st.integers(1, 20))
def test_a_hunt_taken_up_again_knows_them(jobs: int, seed: int, stop_after: int) -> None:
    """A continued hunt knows these commits from the journal, and does not build or report them again."""
    rng = random.Random(seed)
    culprit = rng.randrange(1, len(LINE) - 1)
    broken = {f"c{at}" for at in rng.sample(range(len(LINE) - 1), 12) if at != culprit}
    plan = plan_of(LINE)
    judge = bad_from(plan, f"c{culprit}", broken)
    engines = [Telling(judge, jobs=jobs, order=random.Random(seed), broken=broken) for _ in range(2)]
    told: list[KnownUntestable] = []
    try:
        found, _, _, _ = hunt(plan, judge, stop_after=stop_after, engine=engines[0], untestable=told)
    except Interrupted as stopped:
        found, _, _, _ = hunt(plan, judge, stopped.journal, engine=engines[1], untestable=told)
    suspects = found.commits if isinstance(found, AnyOf) else [getattr(found, "commit", "")]
    assert f"c{culprit}" in suspects
    commits = [one.commit for one in told]
    assert len(commits) == len(set(commits))
    assert not set(commits) & {commit for commit, role in engines[1].asked if role is Role.SEARCH}


def test_they_cost_no_probe() -> None:
    """In a line that does not build around its middle, the search asks for no commit that does not build."""
    broken = {f"c{at}" for at in range(15, 26)}
    _, telling, _ = hunted(LINE, "c33", broken, 1, 0)
    plan = plan_of(LINE)
    judge = bad_from(plan, "c33", broken)
    _, alone, _, _ = hunt(plan, judge, engine=FakeEngine(judge))
    assert telling.told and not {commit for commit, _ in telling.asked} & set(telling.told)
    assert telling.probes <= alone.probes
    assert broken & {commit for commit, _ in alone.asked}


@dataclass
class Late(Telling):
    """Reports a commit only after the first reading of the confirmation."""

    def next(self, longest: float | None = None) -> Reading | KnownUntestable | None:
        """Return the report after the first reading of the confirmation."""
        if self.told != ["c0"] and any(role is Role.CONFIRMATION for _, role in self.asked):
            self.told = ["c0"]
            return KnownUntestable("c0", WHY, datetime(2026, 1, 1, tzinfo=UTC))
        return FakeEngine.next(self, longest)


def test_news_that_comes_during_the_confirmation_changes_nothing() -> None:
    """The report is recorded like any other, and the confirmation continues."""
    plan = plan_of(LINE)
    judge = bad_from(plan, "c33")
    told: list[KnownUntestable] = []
    found, _, readings, _ = hunt(plan, judge, engine=Late(judge), untestable=told)
    assert isinstance(found, FirstBad) and found.confirmed
    assert [one.commit for one in told] == ["c0"]
    assert {one.commit for one in readings if one.role is Role.CONFIRMATION} == {"c32", "c33"}


def test_they_are_no_steps_of_the_explanation() -> None:
    """The search did not choose these commits, but the belief at the next choice includes them."""
    broken = {f"c{at}" for at in range(15, 26)}
    plan, told = plan_of(LINE), list[KnownUntestable]()
    engine = Telling(bad_from(plan, "c33", broken), broken=broken)
    _, _, readings, _ = hunt(plan, engine.judge, engine=engine, untestable=told)
    taken = list(steps(plan, Known(tuple(readings), tuple(told))))
    assert told and not {one.commit for one in told} & {step.commit for step in taken}
    assert all(step.prospect and step.prospect.bits > 0 for step in taken if step.why is Why.HALVES)


def test_with_one_job_what_is_under_way_is_waited_for() -> None:
    """A report about another commit does not start anything else."""
    _, engine, _ = hunted(LINE, "c33", {f"c{at}" for at in range(15, 26)}, 1, 0)
    assert engine.most == 1
