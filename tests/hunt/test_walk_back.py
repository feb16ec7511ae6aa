"""Walking back to a good commit: how far, how often, and past untestable commits."""

from __future__ import annotations

import random

import pytest

from bisector.hunt import walk_back
from bisector.hunt.plan import Repeats
from bisector.predicate import Bad, Good, Judgement, Measured, Untestable
from bisector.probe.reading import Role
from bisector.probe.request import Request
from tests.hunt.fake_engine import FakeEngine, Judge

LINE = [f"b{distance}" for distance in range(40)]


def walked(judge: Judge, ratio: float | None = None, seconds: float = 60.0) -> tuple[object, list[str]]:
    """Where the walk ends, and the commits it read; a run takes `seconds`."""
    engine, readings = FakeEngine(judge, seconds=seconds), []
    while True:
        step = walk_back.step(LINE, readings, Repeats(), ratio)
        if not isinstance(step, walk_back.Ask):
            return step, [commit for commit, _ in engine.asked]
        about = step.commit if step.clean else ""
        request = Request(step.commit, Role.PREMISE, step.against, step.clean, about=about)
        readings.append(engine.read(request))


def is_bad(commit: str, good_from: int) -> bool:
    """Whether a commit of LINE is younger than the first good one."""
    return int(commit[1:]) < good_from


@pytest.mark.parametrize(("good_from", "found"), [(1, "b1"), (2, "b2"), (3, "b4"), (9, "b16"), (33, "b39")])
def test_steps_double_until_a_good_commit(good_from: int, found: str) -> None:
    """The walk reads 1, 2, 4, ... commits back, and finally the end of the line."""
    end, asked = walked(lambda c, _: Bad("b") if is_bad(c, good_from) else Good("g"))
    assert end == walk_back.Found(found)
    assert len(asked) <= 7


def test_no_good_commit_is_said_with_how_far_it_looked() -> None:
    """If even the oldest commit is bad, the walk ends there."""
    end, _ = walked(lambda c, _: Bad("b"))
    assert end == walk_back.NoneFound("b39")


def test_the_oldest_is_built_clean_before_it_is_called_bad() -> None:
    """The oldest commit is built clean, because an undeclared input may let it share its build with bad."""
    asked: list[str] = []

    def judge(commit: str, _against: str) -> Judgement:
        asked.append(commit)
        return Good("g") if commit == "b39" and asked.count("b39") > 1 else Bad("b")

    assert walked(judge)[0] == walk_back.Found("b39")


def test_commits_that_cannot_be_tested_are_passed_over() -> None:
    """The next older commit is read instead, and none is read twice."""
    broken = {"b4", "b5", "b8"}

    def judge(commit: str, _against: str) -> Judgement:
        if commit in broken:
            return Untestable("u")
        return Bad("b") if is_bad(commit, 7) else Good("g")

    end, asked = walked(judge)
    assert end == walk_back.Found("b9")
    assert len(asked) == len(set(asked))


def test_one_pass_of_a_quick_test_is_no_proof_of_a_good_commit() -> None:
    """With a test that fails now and then, the walk would end at a bad commit and find no difference."""
    passes = {"b1": 1, "b2": 3}

    def judge(commit: str, _against: str) -> Judgement:
        passes[commit] = passes.get(commit, 0) - 1
        return Bad("b") if is_bad(commit, 7) and passes[commit] < 0 else Good("g")

    end, asked = walked(judge, seconds=0.1)
    assert end == walk_back.Found("b8")
    assert asked.count("b8") == 5 and asked.count("b2") == 4


@pytest.mark.parametrize("seed", range(5))
def test_a_measured_walk_compares_bad_with_the_older_commit(seed: int) -> None:
    """Good is the first commit that bad is clearly slower than, in paired readings."""
    rng = random.Random(seed)

    def judge(commit: str, against: str) -> Judgement:
        level = 1.5 ** (is_bad(commit, 6) - is_bad(against, 6))
        return Measured(level * rng.lognormvariate(0, 0.03), "m")

    end, _ = walked(judge, ratio=1.2)
    assert end == walk_back.Found("b8")
