"""Readings of a whole hunt, seen from the start of a part of its range."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.decide.ranges import Levels, Part, seen_from
from bisector.predicate import Bad, Good, Judgement, Measured
from bisector.probe.reading import Reading, Role
from tests.hunt.fake_engine import plan_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
LINE = [[at - 1] if at else [] for at in range(10)]


def reading(commit: str, judgement: Judgement, role: Role = Role.SEARCH, against: str = "") -> Reading:
    """A reading of a commit."""
    return Reading(commit, role, judgement, AT, against=against)


def ratio_of(commit: str, value: float, against: str = "good") -> Reading:
    """A pair of a commit with another one."""
    return reading(commit, Measured(value, "measured"), against=against)


@settings(max_examples=50)
@given(levels=st.lists(st.floats(0.1, 10), min_size=10, max_size=10), start=st.integers(0, 8))
def test_a_ratio_is_divided_by_the_level_of_the_start(levels: list[float], start: int) -> None:
    """A counter without noise: each commit is seen at its level relative to the start of the part."""
    plan = plan_of(LINE, ratio=1.1)
    readings = [ratio_of(f"c{at}", level) for at, level in enumerate(levels)]
    part = Part(f"c{start}", "c9")
    for seen in seen_from(part, plan, plan, readings):
        assert seen.against == part.start
        assert isinstance(seen.judgement, Measured)
        own = levels[int(seen.commit[1:])] / levels[start]
        assert abs(seen.judgement.value / own - 1) < 1e-9
    turned = [*seen_from(Part(f"c{start}", "c9", better=True), plan, plan, readings)]
    assert all(isinstance(one.judgement, Measured) for one in turned)


def test_verdicts_are_turned_after_a_bad_commit() -> None:
    """The step after a bad commit is a fix: like the start is good, unlike it is bad."""
    plan = plan_of(LINE)
    readings = [reading("c3", Bad("fails")), reading("c6", Good("passes")), reading("c9", Bad("fails"))]
    seen = {one.commit: one for one in seen_from(Part("c3", "c6", better=True), plan, plan, readings)}
    assert seen["c3"].judgement == Good("fails")
    assert seen["c6"].judgement == Bad("passes")
    assert seen["c3"].role is seen["c6"].role is Role.PREMISE


def test_a_run_that_was_worse_than_good_says_nothing_after_a_step() -> None:
    """A run that was ended as worse than the good endpoint may be as good as the start of the part."""
    plan = plan_of(LINE, ratio=1.1)
    ended = reading("c7", Bad("ended early", at_least=3.0), against="good")
    assert [*seen_from(Part("c4", "c9"), plan, plan, [ratio_of("c4", 2.0), ended])][-1].commit == "c4"


def test_levels_rise_and_fall_by_the_smallest_step_wanted() -> None:
    """A difference below the hunt's ratio is none; of several commits the farthest is named."""
    levels = Levels("good", 1.1, [ratio_of("c2", 1.05), ratio_of("c4", 2.0), ratio_of("c6", 0.4)])
    assert [levels.rises("good", commit) for commit in ("c2", "c4", "c6", "c8")] == [0, 1, -1, None]
    assert levels.farthest("good", ["c2", "c4", "c6", "c8"]) == "c6"
    assert levels.farthest("good", ["c2", "c8"]) is None
    verdicts = Levels("good", None, [reading("good", Good("passes")), reading("c4", Bad("fails"))])
    assert (verdicts.rises("good", "c4"), verdicts.rises("c4", "good")) == (1, -1)
