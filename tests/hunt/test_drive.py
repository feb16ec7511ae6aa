"""The loop from premise to conclusion, against an engine without processes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import (
    AnyOf,
    BadIsGood,
    FirstBad,
    GoodIsBad,
    Inconclusive,
    MergeBaseIsBad,
    NoRegression,
)
from bisector.hunt.plan import Budget
from bisector.predicate import Bad, Good, Judgement, Measured, Undecided, Untestable
from bisector.probe.reading import Role
from tests.hunt.fake_engine import FakeEngine, Interrupted, bad_from, guilty_of, hunt, plan_of, slower_from

LINE = [[at - 1] if at else [] for at in range(32)]
MERGE = [[], [0], [0], [1, 2], [3]]


@st.composite
def shapes(draw: st.DrawFn) -> list[list[int]]:
    """Histories with merges, in which the last commit is a descendant of all others."""
    size = draw(st.integers(1, 14))
    parents: list[list[int]] = [
        sorted(draw(st.sets(st.integers(0, at - 1), min_size=1, max_size=2))) if at else []
        for at in range(size)
    ]
    heads = sorted(set(range(size)).difference(*parents))
    return [*parents, heads] if len(heads) > 1 else parents


@pytest.mark.parametrize("first", range(32))
def test_verdicts_find_every_first_bad_commit_in_a_line(first: int) -> None:
    """In 32 commits the answer takes at most ceil(log2 32) + 1 probes, and it is confirmed."""
    plan = plan_of(LINE)
    conclusion, engine, _, _ = hunt(plan, bad_from(plan, f"c{first}"))
    assert conclusion == FirstBad(f"c{first}", 1.0, True, None, (plan.parents[f"c{first}"][0],), exact=True)
    assert engine.probes <= 6


@settings(max_examples=60, deadline=None)
@given(shapes(), st.data())
def test_verdicts_find_the_first_bad_commit_in_any_history(
    parents: list[list[int]], data: st.DataObject
) -> None:
    """In a history with any merges, the first bad commit is found and compared with its parents."""
    plan = plan_of(parents)
    first = f"c{data.draw(st.integers(0, len(parents) - 1))}"
    conclusion, _, _, _ = hunt(plan, bad_from(plan, first))
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == (first, True)


def test_a_commit_is_found_that_cannot_be_tested_and_never_was() -> None:
    """If two children are bad and the third is untestable, their common untestable parent is found."""
    plan = plan_of([[], [0], [0], [0], [1, 2, 3]])
    conclusion, _, _, _ = hunt(plan, bad_from(plan, "c0", {"c0", "c1"}))
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == ("c0", True)


@settings(max_examples=60, deadline=None)
@given(shapes(), st.data())
def test_untestable_commits_are_never_taken_for_innocent(
    parents: list[list[int]], data: st.DataObject
) -> None:
    """The answer is the first bad commit, or a set that contains it and untestable commits before its end."""
    plan = plan_of(parents)
    ids = plan.every_candidate.ids
    first = data.draw(st.sampled_from(ids))
    broken = data.draw(st.sets(st.sampled_from(ids[:-1]))) if len(ids) > 1 else set()
    conclusion, _, _, _ = hunt(plan, bad_from(plan, first, broken))
    if isinstance(conclusion, AnyOf):
        assert first in conclusion.commits
        assert broken & set(conclusion.commits)
        assert math.isclose(math.fsum(conclusion.probabilities), 1.0)
    else:
        assert isinstance(conclusion, FirstBad)
        assert conclusion.commit == first


@settings(max_examples=200, deadline=None)
@given(shapes(), st.data())
def test_no_forgotten_input_hides_a_commit_among_untestable_ones(
    parents: list[list[int]], data: st.DataObject
) -> None:
    """The answer contains the first bad commit, whichever commits seem to change no declared input."""
    ids = plan_of(parents).every_candidate.ids
    plan = plan_of(parents, keep=data.draw(st.sets(st.sampled_from(range(len(ids))))))
    first = data.draw(st.sampled_from(ids))
    broken = data.draw(st.sets(st.sampled_from(ids[:-1]))) if len(ids) > 1 else set()
    conclusion, _, _, _ = hunt(plan, bad_from(plan, first, broken))
    if isinstance(conclusion, AnyOf):
        assert first in conclusion.commits
        assert len(set(conclusion.commits) - broken - set(conclusion.untested)) <= 1
        assert not set(conclusion.untested) & set(plan.candidates.ids)
        assert math.isclose(math.fsum(conclusion.probabilities), 1.0)
    elif isinstance(conclusion, FirstBad):
        assert conclusion.commit == first
    else:
        assert isinstance(conclusion, Inconclusive)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("step", "spread"), [(5.0, 0.05), (1.5, 0.05), (1.3, 0.03)])
def test_measured_steps_are_found(step: float, spread: float, seed: int) -> None:
    """A step in noisy ratios is found without a threshold and is confirmed with its size."""
    plan = plan_of(LINE, ratio=1.15)
    first = f"c{(seed * 7 + 3) % 32}"
    conclusion, _, _, _ = hunt(plan, slower_from(plan, first, step, spread, seed))
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == (first, True)
    assert conclusion.effect is not None
    assert conclusion.effect.low * 0.9 < step < conclusion.effect.high * 1.1


def test_a_counter_without_spread_is_not_repeated() -> None:
    """Two readings that agree to the last digit are enough at each endpoint and at the answer."""
    plan = plan_of(LINE, ratio=1.05)
    conclusion, _, journal, _ = hunt(plan, slower_from(plan, "c13", 1.2, 0.0, 1))
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == ("c13", True)
    assert sum(r.role is not Role.SEARCH for r in journal) == 6
    assert sum(r.role is Role.SEARCH for r in journal) <= 8


def test_equal_builds_are_no_first_bad_commit() -> None:
    """A step between two commits with identical builds is reported as a contradiction."""
    plan = plan_of(LINE, ratio=1.15)
    conclusion, _, _, _ = hunt(
        plan,
        slower_from(plan, "c13", 2.0, 0.02, 1),
        digest=lambda commit: "c12" if commit == "c13" else commit,
    )
    assert isinstance(conclusion, Inconclusive)
    assert "byte-identical" in conclusion.why
    assert conclusion.candidates == ("c13",)


def test_equal_builds_may_differ_by_files_that_the_test_reads() -> None:
    """Identical builds are no contradiction if a script or data that the test reads has changed."""
    plan = replace(plan_of(LINE, ratio=1.15), is_tested_alike=lambda _one, _other: False)
    conclusion, _, _, _ = hunt(plan, slower_from(plan, "c13", 2.0, 0.02, 1), digest=lambda _commit: "same")
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == ("c13", True)


@pytest.mark.parametrize("seed", range(10))
def test_no_difference_ends_before_any_commit_is_tested(seed: int) -> None:
    """Without a regression only the endpoints are read, and the answer limits the size of a hidden one."""
    plan = plan_of(LINE, ratio=1.15)
    conclusion, engine, _, _ = hunt(plan, slower_from(plan, None, 1.0, 0.04, seed))
    assert isinstance(conclusion, NoRegression)
    assert engine.probes == 0
    assert conclusion.effect is not None


def test_a_faster_bad_endpoint_is_said_to_be_swapped() -> None:
    """If bad is much faster than good, the endpoints are probably swapped."""
    plan = plan_of(LINE, ratio=1.15)
    conclusion, _, _, _ = hunt(plan, slower_from(plan, "c9", 0.5, 0.03, 1))
    assert isinstance(conclusion, BadIsGood)


@pytest.mark.parametrize(
    ("at_good", "at_bad", "ending"),
    [
        (Good("g"), Good("g"), NoRegression),
        (Bad("b"), Bad("b"), GoodIsBad),
        (Bad("b"), Good("g"), BadIsGood),
        (Untestable("u"), Bad("b"), Inconclusive),
        (Good("g"), Untestable("u"), Inconclusive),
    ],
)
def test_a_premise_that_does_not_hold_ends_the_hunt(
    at_good: Judgement, at_bad: Judgement, ending: type[object]
) -> None:
    """Each way in which an endpoint can be wrong has its own conclusion and costs no search."""
    plan = plan_of(LINE)
    conclusion, engine, _, _ = hunt(plan, lambda commit, _: at_good if commit == "good" else at_bad)
    assert isinstance(conclusion, ending)
    assert engine.probes == 0


def test_a_bad_merge_base_is_told_as_git_tells_it() -> None:
    """If good is no ancestor of bad, a bad merge base means that the regression was fixed in good."""
    plan = plan_of(LINE, merge_bases=("base",))
    judge = bad_from(plan, "c9")
    conclusion, _, _, _ = hunt(plan, lambda c, a: Bad("bad already") if c == "base" else judge(c, a))
    assert conclusion == MergeBaseIsBad("base", "bad already")


def test_a_merge_whose_parents_are_good_is_the_first_bad_commit() -> None:
    """Both parents are read at the confirmation and are reported as good."""
    plan = plan_of(MERGE)
    conclusion, _, _, _ = hunt(plan, bad_from(plan, "c3"))
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, set(conclusion.parents_good)) == ("c3", {"c1", "c2"})


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("stop_after", [1, 2, 4, 6, 8])
def test_a_hunt_goes_on_where_it_was_interrupted(paired: bool, stop_after: int) -> None:
    """After an interruption at any point, the hunt continues to the same answer and repeats no reading."""
    plan = plan_of(LINE, ratio=1.15 if paired else None)

    def judge(commit: str, against: str) -> Judgement:
        guilty = guilty_of(plan, "c20")
        if not paired:
            return Bad("b") if commit in guilty else Good("g")
        return Measured(3.0 ** ((commit in guilty) - (against in guilty)) * 1.001, "m")

    whole = hunt(plan, judge)
    with pytest.raises(Interrupted) as stopped:
        hunt(plan, judge, stop_after=stop_after)
    resumed = hunt(plan, judge, stopped.value.journal)
    assert resumed[0] == whole[0]
    assert [(r.commit, r.role) for r in resumed[2]] == [(r.commit, r.role) for r in whole[2]]


@pytest.mark.parametrize("budget", [Budget(probes=2), Budget(seconds=10)])
def test_a_spent_budget_is_inconclusive_and_names_the_likeliest(budget: Budget) -> None:
    """A spent budget ends the hunt with candidates and odds. A larger budget continues from there."""
    plan = plan_of(LINE, budget=budget)
    conclusion, engine, _, _ = hunt(plan, bad_from(plan, "c20"))
    assert isinstance(conclusion, Inconclusive)
    assert "c20" in conclusion.candidates
    assert engine.probes <= 4


def test_an_additional_good_commit_that_is_bad_is_named() -> None:
    """Every good endpoint must be good. The first one that is not is reported."""
    plan = replace(plan_of(LINE), good=("good", "other"))
    judge = bad_from(plan, "c9")
    conclusion, _, _, _ = hunt(plan, lambda c, a: Bad("broken") if c == "other" else judge(c, a))
    assert isinstance(conclusion, GoodIsBad)
    assert "other" in conclusion.why


def test_a_busy_machine_is_outlasted_at_the_confirmation() -> None:
    """A parent without a fair run is tested again until it has one. Then the answer is confirmed."""
    plan = plan_of(LINE)
    judge, asked = bad_from(plan, "c0"), list[str]()

    def crowded(commit: str, against: str) -> Judgement:
        asked.append(commit)
        late = commit == "good" and 1 < asked.count("good") < 6
        return Undecided("no fair run") if late else judge(commit, against)

    conclusion, _, _, _ = hunt(plan, crowded)
    assert isinstance(conclusion, FirstBad)
    assert conclusion.confirmed and asked.count("good") > 6


@pytest.mark.parametrize("at", ["c5", "c4"])
def test_a_hunt_ends_if_a_commit_can_be_tested_only_so_often(at: str) -> None:
    """A test that ruins something outside of its slot must not make the confirmation endless."""
    left = {at: 2}

    def judge(commit: str, _against: str) -> Judgement:
        left[commit] = left.get(commit, 100) - 1
        if left[commit] < 0:
            return Untestable("the database is gone")
        return Bad("fails") if commit != "good" and int(commit[1:]) >= 5 else Good("passes")

    engine = FakeEngine(judge, seconds=0.1)
    conclusion, engine, _, _ = hunt(plan_of([[n - 1] if n else [] for n in range(9)]), judge, engine=engine)
    assert isinstance(conclusion, Inconclusive) and "the database is gone" in conclusion.why
    assert len(engine.asked) < 40


def test_a_flaky_test_is_found_out_at_the_endpoints() -> None:
    """A test that fails in 20% of its runs on good is treated as flaky, and the answer is still right."""
    plan = plan_of(LINE)
    import random

    rng = random.Random(5)
    guilty = guilty_of(plan, "c11")

    def judge(commit: str, _against: str) -> Judgement:
        return Bad("b") if commit in guilty or rng.random() < 0.2 else Good("g")

    conclusion, _, _, _ = hunt(plan, judge)
    assert isinstance(conclusion, FirstBad)
    assert conclusion.commit == "c11"


@pytest.mark.parametrize("busy_at", [{"c10", "c11"}, {"good"}, {"c31"}, {"good", "c31", "c11"}])
def test_a_busy_machine_never_ends_a_hunt(busy_at: set[str]) -> None:
    """Commits without a fair run are read again after all others, until the machine is less busy."""
    plan = plan_of(LINE)
    judge, asked = bad_from(plan, "c11"), list[str]()

    def crowded(commit: str, against: str) -> Judgement:
        asked.append(commit)
        busy = commit in busy_at and asked.count(commit) < 6
        return Undecided("no fair run") if busy else judge(commit, against)

    conclusion, _, _, _ = hunt(plan, crowded)
    assert isinstance(conclusion, FirstBad)
    assert conclusion.commit == "c11" and conclusion.confirmed
    if busy_at == {"c10", "c11"}:
        assert asked.index("c12") < len(asked) - 1 - asked[::-1].index("c11")


@pytest.mark.parametrize("busy_at", ["good", "c31", "c11"])
def test_a_machine_that_stays_busy_ends_with_the_time(busy_at: str) -> None:
    """When the time of the hunt is over, it is inconclusive and says why."""
    plan = plan_of(LINE)
    judge, asked = bad_from(plan, "c11"), list[str]()

    def crowded(commit: str, against: str) -> Judgement:
        asked.append(commit)
        return Undecided("no fair run") if commit == busy_at else judge(commit, against)

    conclusion, _, _, _ = hunt(plan, crowded, spent=lambda: len(asked) > 60)
    assert isinstance(conclusion, Inconclusive)


@pytest.mark.parametrize("busy_at", [{"c10", "c11"}, {"c11"}, {"c3"}])
def test_a_test_that_always_fails_alike_is_no_matter_of_load(busy_at: set[str]) -> None:
    """Where each run of a commit fails with the same exit code, the hunt goes on without it, and ends."""
    plan = plan_of(LINE)
    judge, asked = bad_from(plan, "c11"), list[str]()

    def crowded(commit: str, against: str) -> Judgement:
        asked.append(commit)
        return Undecided("the test failed (exit 3)") if commit in busy_at else judge(commit, against)

    conclusion, *_ = hunt(plan, crowded, engine=FakeEngine(crowded, exit_code=3))
    assert max(asked.count(commit) for commit in busy_at) <= 3
    if "c11" in busy_at:
        assert isinstance(conclusion, AnyOf) and set(conclusion.commits) == busy_at | {"c12"}
    else:
        assert isinstance(conclusion, FirstBad) and conclusion.commit == "c11"


def test_an_input_that_was_not_declared_is_found_out() -> None:
    """If the first bad commit seemed unchanged, the confirmation fails and all commits count again."""
    plan = plan_of(LINE, ratio=1.15, keep=[at for at in range(32) if at != 11])
    assert "c11" not in plan.candidates.ids
    conclusion, _, _, events = hunt(plan, slower_from(plan, "c11", 3.0, 0.02, 3))
    assert isinstance(conclusion, FirstBad)
    assert conclusion.commit == "c11"
    assert any("misled the search" in str(event) for event in events)


def test_undeclared_inputs_are_found_out_for_verdicts_too() -> None:
    """An undeclared input is also detected with a predicate that returns verdicts."""
    plan = plan_of(LINE, keep=[at for at in range(32) if at != 11])
    conclusion, _, _, _ = hunt(plan, bad_from(plan, "c11"))
    assert isinstance(conclusion, FirstBad)
    assert conclusion.commit == "c11"


def test_every_reading_is_recorded_before_the_next() -> None:
    """The journal contains the requests to the engine, in the same order."""
    plan = plan_of(LINE)
    _, engine, journal, _ = hunt(plan, bad_from(plan, "c5"))
    assert [(r.commit, r.role) for r in journal] == engine.asked
    assert engine.asked[0] == ("good", Role.PREMISE)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("whole", "to_measure"), [(False, 60), (False, math.inf), (True, 60)])
def test_runs_that_are_certain_to_be_bad_are_ended_early(seed: int, whole: bool, to_measure: float) -> None:
    """The answer stays right and nearly as fast. With `whole`, only candidates are ended early.

    Without it, one run of the answer goes on to give the ratio, unless it takes too long.
    """
    plan = plan_of(LINE, ratio=1.5)
    plan = replace(plan, repeats=replace(plan.repeats, whole=whole))
    judge = slower_from(plan, "c21", 12.0, 0.05, seed)
    found, engine, readings, _ = hunt(
        plan, judge, engine=FakeEngine(judge, enough=3.5, to_measure=to_measure)
    )
    early = [reading for reading in readings if isinstance(reading.judgement, Bad)]
    assert isinstance(found, FirstBad)
    assert (found.commit, found.confirmed) == ("c21", True)
    never = {Role.PREMISE, Role.CONFIRMATION} if whole else {Role.CONFIRMATION} if to_measure == 60 else set()
    assert {reading.role for reading in early} == {r.role for r in readings} - never
    assert len({(reading.commit, reading.role) for reading in early}) == len(early) >= 1
    assert (plan.bad in {reading.commit for reading in early}) is not whole
    assert (found.effect is not None) is (to_measure == 60)
    confirmations = [reading for reading in readings if reading.role is Role.CONFIRMATION]
    assert len(confirmations) == (3 if whole else 1)
    assert engine.probes <= 6
    assert sum(reading.role is Role.SEARCH for reading in readings) <= 10


@pytest.mark.parametrize("first", [0, 13, 31])
def test_a_measured_hunt_whose_bad_end_never_finishes(first: int) -> None:
    """If bad always times out, a run that ends counts as a verdict too, and the hunt is a plain bisection."""
    plan = plan_of(LINE, ratio=1.1)
    guilty, usual = guilty_of(plan, f"c{first}"), slower_from(plan, None, 1.0, 0.05, 1)
    conclusion, engine, readings, _ = hunt(
        plan, lambda c, a: Bad("the hunt's timeout") if c in guilty else usual(c, a)
    )
    assert isinstance(conclusion, FirstBad)
    assert (conclusion.commit, conclusion.confirmed) == (f"c{first}", True)
    assert engine.probes <= 6
    assert sum(reading.role is Role.SEARCH for reading in readings) <= 6


@pytest.mark.parametrize(("step", "warned"), [(1.15, True), (3.0, False)])
def test_what_a_small_step_costs_is_said_beforehand(step: float, warned: bool) -> None:
    """A step smaller than the spread of one pair is announced, with pairs and time. A clear step is not."""
    plan = plan_of(LINE, ratio=1.05, most=40)
    _, engine, _, events = hunt(plan, slower_from(plan, "c9", step, 0.1, 2))
    said = [str(event) for event in events if "spread of one pair" in str(event)]
    assert len(said) == warned
    assert any(role is Role.SEARCH for _, role in engine.asked)
