"""Two causes are not taken for a flaky test."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from bisector.hunt.conclusion import FirstBad, Inconclusive
from bisector.hunt.decide.two_causes import of_two_causes
from bisector.predicate import Bad, Good, Judgement
from bisector.probe.reading import Reading, Role
from tests.hunt.fake_engine import guilty_of, hunt, plan_of

TWO_BRANCHES = [[], [0], [1], [2], [3], [0], [5], [6], [7], [4, 8], [9], [10]]
"""c1 to c4 on main, c5 to c8 on a branch, and the merge c9."""
PLAN = plan_of(TWO_BRANCHES)
ANSWER = FirstBad("c3", 0.999, True, None, ("c2",))


def readings(**runs: str) -> list[Reading]:
    """`c3="bbb"` is three bad readings of c3."""
    return [
        Reading(commit, Role.SEARCH, Bad("x") if run == "b" else Good("x"), datetime(2026, 1, 1, tzinfo=UTC))
        for commit, row in runs.items()
        for run in row
    ]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ({"good": "gg", "c2": "ggggg", "c3": "bbbbb", "c11": "bb", "c6": "b"}, ["c6"]),
        ({"good": "gg", "c2": "ggggg", "c3": "bbbbb", "c11": "bb", "c6": "bbb"}, "c6 is bad in all its 3"),
        ({"good": "gg", "c2": "ggggg", "c3": "bbbbb", "c11": "bb", "c10": "ggg"}, "c10 is good in all its 3"),
        ({"good": "gg", "c2": "ggggg", "c3": "bbbgb", "c11": "bb", "c6": "bbb"}, []),
        ({"good": "gg", "c2": "ggggg", "c3": "bbbbb", "c11": "bb", "c6": "gg"}, []),
    ],
)
def test_what_contradicts_an_answer(runs: dict[str, str], expected: list[str] | str) -> None:
    """Few runs are repeated; many alike exclude a flaky test, unless a commit gave both verdicts."""
    found = of_two_causes(PLAN, ANSWER, readings(**runs))
    if isinstance(expected, str):
        assert isinstance(found, Inconclusive) and expected in found.why
        assert found.candidates == ("c3",)
    else:
        assert list(found) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("first", ["c1", "c2", "c3", "c4"])
@pytest.mark.parametrize("second", ["c5", "c6", "c7", "c8"])
def test_no_certain_test_is_called_flaky(first: str, second: str) -> None:
    """If two branches broke, the answer is one of the two causes, seen as certain, or none."""
    guilty = {*guilty_of(PLAN, first), *guilty_of(PLAN, second)}

    def judge(commit: str, _against: str) -> Judgement:
        return Bad("b") if commit in guilty else Good("g")

    conclusion, *_ = hunt(PLAN, judge)
    if isinstance(conclusion, FirstBad):
        assert conclusion.exact and conclusion.commit in (first, second)


def test_a_flaky_test_is_still_found() -> None:
    """Where commits give both verdicts, a single flaky cause is the answer."""
    plan, rng, right = plan_of([[at - 1] if at else [] for at in range(16)]), random.Random(3), 0
    guilty = guilty_of(plan, "c9")
    for _ in range(10):
        conclusion, *_ = hunt(
            plan, lambda commit, _: Bad("b") if commit in guilty and rng.random() < 0.7 else Good("g")
        )
        right += isinstance(conclusion, FirstBad) and conclusion.commit == "c9"
    assert right >= 8
