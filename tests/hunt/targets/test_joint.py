"""Hunts of several targets share their runs, and each finds what it would find alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.hunt.conclusion import FirstBad, Inconclusive, MergeBaseIsBad, NoRegression
from bisector.predicate import Bad, Good, Judgement, Measured, Untestable
from bisector.probe.reading import Role
from tests.hunt.fake_engine import Judge, bad_from, guilty_of, hunt, plan_of
from tests.hunt.targets.joint_hunt import JointHunt, Stopped

LINE = [[at - 1] if at else [] for at in range(64)]


def flaky_from(first_bad: str, rate: float, seed: int) -> Judge:
    """A judge whose bad commits fail only at this rate."""
    plan, rng = plan_of(LINE), random.Random(seed)
    guilty = guilty_of(plan, first_bad)

    def judge(commit: str, against: str) -> Judgement:
        return Bad("failed") if commit in guilty and rng.random() < rate else Good("passed")

    return judge


def commit_of(conclusion: object) -> str:
    assert isinstance(conclusion, FirstBad), conclusion
    assert conclusion.confirmed
    return conclusion.commit


def test_targets_with_one_cause_cost_what_one_hunt_costs() -> None:
    """Ten targets that broke together take the runs and the builds of a single one."""
    plan = plan_of(LINE)
    alone = JointHunt(plan, {"t": bad_from(plan, "c40")})
    alone.run()
    together = JointHunt(plan, {f"t{at}": bad_from(plan, "c40") for at in range(10)})
    found = together.run()
    assert {commit_of(one) for one in found.values()} == {"c40"}
    assert (len(together.runs), together.builds) == (len(alone.runs), alone.builds)


def test_a_single_target_reads_what_its_own_hunt_reads() -> None:
    """With one target, the joint decision asks for the commits that the ordinary hunt asks for."""
    plan = plan_of(LINE)
    together = JointHunt(plan, {"t": bad_from(plan, "c23")})
    together.run()
    _, engine, readings, _ = hunt(plan, bad_from(plan, "c23"))
    assert together.asked(Role.SEARCH) == [r.commit for r in readings if r.role is Role.SEARCH]
    assert len(together.runs) == len(engine.asked)


def test_the_answer_of_several_targets_is_confirmed_once() -> None:
    """All confirmation runs serve every target with that answer."""
    plan = plan_of(LINE)
    together = JointHunt(plan, {f"t{at}": bad_from(plan, "c40") for at in range(5)})
    together.run()
    confirming = [ask for ask in together.runs if ask.request.role is Role.CONFIRMATION]
    assert {ask.request.commit for ask in confirming} == {"c39", "c40"}
    assert all(len(ask.asked) == 5 for ask in confirming)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_each_target_finds_its_own_commit(causes: list[int], rng: random.Random) -> None:
    """On any graph, every target ends at the commit that broke it."""
    parents = [sorted(rng.sample(range(at), min(at, rng.choice([1, 1, 2])))) for at in range(30)]
    parents = [own or ([at - 1] if at else []) for at, own in enumerate(parents)]
    parents.append(sorted(set(range(30)) - {p for own in parents for p in own}) or [29])
    plan = plan_of(parents)
    judges = {f"t{at}": bad_from(plan, f"c{cause}") for at, cause in enumerate(causes)}
    found = JointHunt(plan, judges).run()
    assert {target: commit_of(one) for target, one in found.items()} == {
        f"t{at}": f"c{cause}" for at, cause in enumerate(causes)
    }


def test_a_flaky_target_does_not_spoil_the_others() -> None:
    """A target that fails in half of its runs has a noise model of its own."""
    plan = plan_of(LINE)
    judges = {"a": bad_from(plan, "c10"), "b": bad_from(plan, "c50"), "shaky": flaky_from("c50", 0.5, 3)}
    found = JointHunt(plan, judges).run()
    assert (commit_of(found["a"]), commit_of(found["b"]), commit_of(found["shaky"])) == ("c10", "c50", "c50")
    assert isinstance(found["a"], FirstBad) and found["a"].exact
    assert isinstance(found["shaky"], FirstBad) and not found["shaky"].exact


def test_a_commit_that_one_target_cannot_be_tested_at_is_read_for_the_others() -> None:
    """Untestable commits are those of one target, not of all."""
    plan = plan_of(LINE)
    missing = [f"c{at}" for at in range(28, 36)]
    judges = {"a": bad_from(plan, "c30"), "b": bad_from(plan, "c45", untestable=missing)}
    found = JointHunt(plan, judges).run()
    assert (commit_of(found["a"]), commit_of(found["b"])) == ("c30", "c45")


def test_a_target_that_is_missing_at_one_end_is_read_at_both() -> None:
    """So that the answer can say at which end it is missing."""
    plan = plan_of(LINE)

    def born(commit: str, against: str) -> Judgement:
        return Untestable("there is no result of 'new'") if commit == "good" else Bad("failed")

    together = JointHunt(plan, {"old": bad_from(plan, "c9"), "new": born})
    found = together.run()
    assert isinstance(found["new"], Inconclusive)
    assert {reading.commit for reading in together.rows["new"]} == {"good", "c63"}


def test_a_target_without_a_regression_ends_while_others_go_on() -> None:
    """Its thirty runs of the bad endpoint need one build of their own, a clean one."""
    plan = plan_of(LINE)
    judges = {"fine": lambda commit, against: Good("passed"), "broken": bad_from(plan, "c12")}
    together = JointHunt(plan, judges, seconds=0.1)
    found = together.run()
    assert isinstance(found["fine"], NoRegression)
    assert commit_of(found["broken"]) == "c12"
    alone = JointHunt(plan, {"broken": bad_from(plan, "c12")}, seconds=0.1)
    alone.run()
    assert together.builds == alone.builds + 1


@pytest.mark.parametrize("stop", range(1, 12, 2))
def test_a_stopped_hunt_goes_on_where_it_stopped(stop: int) -> None:
    """After an interruption, the same runs follow as without one."""
    plan = plan_of(LINE)
    judges = {"a": bad_from(plan, "c10"), "b": bad_from(plan, "c50"), "c": bad_from(plan, "c50")}
    whole = JointHunt(plan, judges)
    whole.run()
    first = JointHunt(plan, judges, most=stop)
    with pytest.raises(Stopped):
        first.run()
    then = JointHunt(plan, judges, rows=first.rows, ended=first.ended)
    assert {target: commit_of(one) for target, one in then.run().items()} == {
        "a": "c10",
        "b": "c50",
        "c": "c50",
    }
    asked = [(ask.request.commit, tuple(ask.asked)) for ask in (*first.runs, *then.runs)]
    assert asked == [(ask.request.commit, tuple(ask.asked)) for ask in whole.runs]


def test_measured_targets_share_their_pairs() -> None:
    """One pair of runs gives a ratio to each benchmark."""
    plan = plan_of(LINE, ratio=1.2)
    guilty = {"a": guilty_of(plan, "c20"), "b": guilty_of(plan, "c20"), "c": guilty_of(plan, "c55")}

    def measuring(target: str) -> Judge:
        rng = random.Random(target)

        def judge(commit: str, against: str) -> Judgement:
            level = 1.5 ** ((commit in guilty[target]) - (against in guilty[target]))
            return Measured(level * rng.lognormvariate(0, 0.02), "measured")

        return judge

    together = JointHunt(plan, {target: measuring(target) for target in guilty})
    found = together.run()
    assert {target: commit_of(one) for target, one in found.items()} == {"a": "c20", "b": "c20", "c": "c55"}
    alone = JointHunt(plan, {"a": measuring("a")})
    alone.run()
    assert len(together.runs) < 2 * len(alone.runs)


def test_a_budget_of_probes_counts_the_commits_that_all_read() -> None:
    """The searches stop together, each with what it knows."""
    from bisector.hunt.plan import Budget

    plan = plan_of(LINE, budget=Budget(probes=3))
    together = JointHunt(plan, {"a": bad_from(plan, "c10"), "b": bad_from(plan, "c50")})
    found = together.run()
    assert all(isinstance(one, Inconclusive) for one in found.values())
    assert len(set(together.asked(Role.SEARCH))) == 3


def test_a_merge_base_is_read_once_and_judged_for_each_target() -> None:
    """It must be good too; a target that is bad there ends, and the others go on."""
    plan = plan_of(LINE, merge_bases=("base",))

    def bad_at_base(commit: str, against: str) -> Judgement:
        return Good("passed") if commit == "good" else Bad("failed")

    judges = {"a": bad_from(plan, "c10"), "b": bad_from(plan, "c10"), "fixed": bad_at_base}
    together = JointHunt(plan, judges)
    found = together.run()
    assert (commit_of(found["a"]), commit_of(found["b"])) == ("c10", "c10")
    assert isinstance(found["fixed"], MergeBaseIsBad)
    of_base = [ask for ask in together.runs if ask.request.commit == "base"]
    assert set(of_base[0].asked) == set(judges)
    assert all(set(ask.asked) == {"fixed"} for ask in of_base[1:])
