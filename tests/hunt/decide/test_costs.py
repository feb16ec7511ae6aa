"""The cost of probes, learned from readings, and how much of it affects the choice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.search.bounds import best_tree
from benchmarks.search.simulate import expected
from bisector import search as core
from bisector.hunt.decide import costs
from bisector.hunt.decide.belief import Belief
from bisector.hunt.decide.costs import CLEAR_SAVING, NEARLY_EVEN, Seconds, weight
from bisector.hunt.known import Known
from bisector.hunt.plan import Plan
from bisector.predicate import Bad, Good, Judgement, Measured, Run, Undecided, Untestable
from bisector.probe.reading import BuildKind, Reading, Role
from tests.hunt.fake_engine import plan_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def costs_of(plan: Plan, readings: Sequence[Reading]) -> core.Costs:
    return costs.costs_of(plan, Known(tuple(readings)))


def seconds_of(plan: Plan, readings: Sequence[Reading]) -> Seconds | None:
    return costs.seconds_of(plan, Known(tuple(readings)))


def line(size: int, keep: int | None = None, ratio: float | None = None) -> Plan:
    """A plan over a line of commits in which only every `keep`-th may be the first bad one."""
    parents = [[at - 1] if at else [] for at in range(size)]
    return plan_of(parents, ratio=ratio, keep=range(0, size, keep) if keep else None)


def read(
    commit: str,
    judgement: Judgement,
    test: float | None,
    build: float = 0.0,
    how: BuildKind = BuildKind.INCREMENTAL,
    role: Role = Role.SEARCH,
    reference: float | None = None,
    shared: str = "",
) -> Reading:
    run = None if test is None else Run(test, test, 0.0)
    other = None if reference is None else Run(reference, reference, 0.0)
    return Reading(commit, role, judgement, NOW, run, other, build, build=how, shared=shared)


def ends(good: float, bad: float, build: float = 0.0) -> list[Reading]:
    """The premise of a hunt with these test times."""
    return [
        read("good", Good(""), good, 9 * build, BuildKind.CLEAN, Role.PREMISE),
        read("c99", Bad(""), bad, build, role=Role.PREMISE),
    ]


def test_every_kind_of_build_and_test_has_its_own_median() -> None:
    """Clean, incremental, restored and failed builds count, and good and bad tests; shared runs do not."""
    readings = [
        *ends(1.0, 30.0, build=5.0),
        read("c50", Good(""), 2.0, 7.0),
        read("c75", Bad(""), 20.0, 0.2, BuildKind.RESTORED),
        read("c62", Untestable("it does not build"), None, 3.0),
        read("c63", Undecided("the machine was busy"), 500.0, 6.0),
        read("c64", Good(""), 900.0, shared="c50"),
        read("c65", Good(""), 900.0, role=Role.VERIFICATION),
        read("c75", Bad(""), 25.0, 40.0, BuildKind.CLEAN, Role.CONFIRMATION),
    ]
    seconds = seconds_of(line(100), readings)
    assert seconds is not None
    assert (seconds.good, seconds.bad) == (1.5, 25.0)
    assert (seconds.build, seconds.again, seconds.failed) == (6.0, 0.0, 3.0)


def test_measured_values_count_for_the_level_that_they_are_near() -> None:
    """A paired reading costs both of its runs, and is bad above the middle between the endpoints."""
    readings = [
        read("good", Measured(1.0, ""), 2.0, role=Role.PREMISE, reference=2.0),
        read("c9", Measured(2.25, ""), 4.5, role=Role.PREMISE, reference=2.1),
        read("c5", Measured(1.6, ""), 3.2, reference=1.9),
        read("c4", Measured(1.4, ""), 2.8, reference=2.2),
    ]
    seconds = seconds_of(line(10, ratio=1.2), readings)
    assert seconds is not None
    assert seconds.good == pytest.approx(4.5)
    assert seconds.bad == pytest.approx(5.85)


def test_a_run_of_the_reference_counts_once() -> None:
    """A shared run of the reference counts once, because only the first reading had to wait for it."""
    readings = [
        read("good", Measured(1.0, ""), 2.0, role=Role.PREMISE, reference=2.1),
        read("c4", Measured(1.0, ""), 2.0, reference=2.1),
        read("c5", Measured(1.0, ""), 2.0, reference=2.1),
    ]
    seconds = seconds_of(line(10, ratio=1.2), readings)
    assert seconds is not None
    assert seconds.good == 2.0


def test_before_the_first_test_nothing_is_weighed() -> None:
    """Without readings, every probe costs the same."""
    assert costs_of(line(10), []) == core.Costs()
    one_side = costs_of(line(10), ends(3.0, 3.0)[:1])
    assert one_side.good == one_side.bad == 3.0


def test_a_bad_side_that_is_clearly_dearer_counts_in_full() -> None:
    """With 30 s against 1 s, the full difference counts. A long build reduces it."""
    weighed = costs_of(line(100), ends(1.0, 30.0))
    assert (weighed.good, weighed.bad) == (1.0, pytest.approx(30.0, rel=0.2))
    built = costs_of(line(100), ends(1.0, 30.0, build=20.0))
    assert (built.build + built.bad) / (built.build + built.good) == pytest.approx(NEARLY_EVEN)
    early = costs_of(line(100), ends(30.0, 1.0))
    assert (early.good, early.bad) == (pytest.approx(30.0, rel=0.2), 1.0)


@settings(max_examples=12, deadline=None)
@given(st.floats(1.0, CLEAR_SAVING - 0.01), st.integers(1, 4), st.floats(0.0, 3.0), st.booleans())
def test_below_that_no_probes_are_added_to_those_of_halving_the_whole_range(
    ratio: float, keep: int, build: float, early: bool
) -> None:
    """However many commits change no input, the expected probes stay within those of git on all commits."""
    plan = line(100, keep)
    dear = ratio * (build + 1.0) - build
    weighed = costs_of(plan, ends(dear, 1.0, build) if early else ends(1.0, dear, build))
    search = core.Search(core.CommitGraph(plan.candidates.parents), costs=weighed)
    search.observe(-1, core.Good())
    search.observe(len(plan.candidates) - 1, core.Bad())
    assert expected(search, core.Costs()).probes <= best_tree(len(plan.every_candidate)) + 0.02


def test_commits_left_out_pay_for_a_dearer_bad_side() -> None:
    """With half of the range ruled out, a bad probe that costs 3 good ones is weighted and saves time."""
    paid = core.Costs(bad=3.0)
    plan = line(100, keep=2)
    by_cost, even = (
        core.Search(core.CommitGraph(plan.candidates.parents), costs=weighed)
        for weighed in (costs_of(plan, ends(1.0, 3.0)), core.Costs())
    )
    for search in (by_cost, even):
        search.observe(-1, core.Good())
        search.observe(len(plan.candidates) - 1, core.Bad())
    assert expected(by_cost, paid).cost < 0.95 * expected(even, paid).cost
    whole = costs_of(line(100), ends(1.0, 3.0))
    assert whole.bad == pytest.approx(NEARLY_EVEN * whole.good)


@pytest.mark.parametrize(
    ("ratio", "allowed", "weighed"),
    [
        (1.05, 2, 1.05),
        (1.3, 2, 1.1),
        (2, 3, 2),
        (2.7, 3, 2),
        (3, 1.3, 1.1),
        (3.9, 9, 2.83),
        (4.5, 2, 4),
        (30, 2, 32),
    ],
)
def test_what_a_bad_probe_is_taken_for_is_rounded(ratio: float, allowed: float, weighed: float) -> None:
    """Down to a power of the square root of 2 if the weight might add probes, or else to the nearest."""
    assert weight(ratio, allowed) == pytest.approx(weighed, rel=1e-3)


def test_a_reading_more_seldom_changes_what_is_asked_for() -> None:
    """Tests and builds that take 10% more or less do not move the split."""
    plan = line(100)
    asked = set()
    for good, bad, build in ((1.0, 3.0, 1.0), (1.1, 3.0, 0.9), (0.9, 3.2, 1.1)):
        search = core.Search(core.CommitGraph(plan.candidates.parents))
        search.observe(-1, core.Good())
        search.observe(99, core.Bad())
        search.costs = costs_of(plan, ends(good, bad, build=build))
        asked.update(search.propose())
    assert len(asked) == 1


def test_a_hunt_taken_up_again_asks_for_the_same_commit() -> None:
    """Costs learned one reading at a time are equal to costs learned from all readings at once."""
    plan = line(100)
    readings = ends(1.0, 1.0, build=1.0)
    belief = Belief(plan, Known(tuple(readings)))
    for commit, judgement, test in (("c49", Bad(""), 90.0), ("c20", Good(""), 1.5), ("c30", Bad(""), 70.0)):
        readings.append(read(commit, judgement, test, 1.0))
        belief.observe(readings[-1])
        assert belief.propose() == Belief(plan, Known(tuple(readings))).propose()
    assert belief.propose() in {"c21", "c22", "c23"}
