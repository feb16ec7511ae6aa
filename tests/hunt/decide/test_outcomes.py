"""What a reading tells the search."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bisector import search as core
from bisector.hunt import planning
from bisector.hunt.decide.outcomes import outcome_of
from bisector.hunt.ground import Ground
from bisector.hunt_file import build
from bisector.predicate import Contention, Ending, Measured, Run
from bisector.probe.reading import Reading, Role
from tests.git_history import chain, write_history
from tests.hunt.fake_engine import plan_of

_CROWDED = Contention(cpu_share=0.5, others=1.0)


def _pair(run: Contention, reference: Contention) -> Reading:
    """A pair with a ratio of 1.5, on a machine that was so busy."""
    one, other = (Run(1.0, 0.5, 0.0, ending=Ending.EXITED, contention=seen) for seen in (run, reference))
    return Reading("c1", Role.SEARCH, Measured(1.5, ""), datetime.now(UTC), one, other, against="good")


def test_load_of_one_run_widens_a_ratio_of_wall_times() -> None:
    """If the waiting is not measured, what load may have taken from one run disturbs the ratio."""
    by_wall = replace(plan_of([[], [0]], ratio=1.1), by_wall_clock=True)
    calm = Contention(cpu_share=0.5, others=0.0)
    for pair in (_pair(_CROWDED, calm), _pair(calm, _CROWDED)):
        outcome = outcome_of(pair, by_wall, by_verdict=False)
        assert isinstance(outcome, core.Measured)
        assert outcome.spread == pytest.approx(math.log(2))


@pytest.mark.parametrize("seen", [_CROWDED, replace(_CROWDED, waited=0.5)])
def test_load_of_both_runs_cancels(seen: Contention) -> None:
    """Load that stretched both runs alike, or whose waiting is measured, does not disturb the ratio."""
    by_wall = replace(plan_of([[], [0]], ratio=1.1), by_wall_clock=True)
    assert outcome_of(_pair(seen, seen), by_wall, by_verdict=False) == core.Measured(1.5)


def test_load_leaves_other_figures_alone() -> None:
    """User time and counters do not depend on the waiting."""
    by_user_time = plan_of([[], [0]], ratio=1.1)
    assert outcome_of(_pair(_CROWDED, Contention()), by_user_time, by_verdict=False) == core.Measured(1.5)


@pytest.mark.parametrize(("value", "outcome"), [(1.9, core.Good()), (2.1, core.Bad())])
def test_a_ratio_without_a_level_at_bad_is_a_verdict(value: float, outcome: core.Outcome) -> None:
    """If bad was never measured, a value well above good is bad."""
    reading = replace(_pair(_CROWDED, _CROWDED), judgement=Measured(value, ""))
    assert outcome_of(reading, plan_of([[], [0]], ratio=1.1), by_verdict=True) == outcome


@pytest.mark.parametrize(("predicate", "by_wall"), [("wall_time", True), ("user_time", False)])
def test_the_plan_says_what_load_disturbs(predicate: str, by_wall: bool, tmp_path: Path) -> None:
    """The plan of a real hunt has it from the predicate."""
    commits = [*write_history(tmp_path / "repo", chain(2)).values()]
    values: dict[str, object] = {
        "repository": str(tmp_path / "repo"),
        "scratch": str(tmp_path / "scratch"),
        "good": [commits[0]],
        "bad": commits[-1],
        "test": {"command": "true"},
        "predicate": {"name": predicate},
    }
    ground = Ground(build(values, tmp_path, None), None, os.environ)
    assert planning.plan_of(ground, commits[:1]).by_wall_clock is by_wall
