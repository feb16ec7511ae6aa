"""The premise and the identity of a hunt for a fix."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bisector.hunt.conclusion import BadIsGood, NoRegression
from bisector.hunt.decide import fix_premise, premise
from bisector.hunt.decide.premise import Decision, Established, MoreReadings
from bisector.hunt.ground import Ground
from bisector.hunt.session import Session
from bisector.hunt_file import build
from bisector.predicate import Bad, Ending, Good, Run
from bisector.probe.reading import Reading, Role
from bisector.terms import FIX
from tests.git_history import chain, write_history
from tests.hunt.fake_engine import plan_of

PLAN = replace(plan_of([[at - 1] if at else [] for at in range(4)]), terms=FIX)
RUN = Run(wall=0.1, user=0.1, system=0.0, ending=Ending.EXITED, exit_code=0)


def decide(broken: tuple[int, int], fixed: tuple[int, int]) -> Decision:
    """The decision after so many failures and passes of the broken endpoint and of the fixed one."""
    ends = []
    for commit, (failed, passed) in (("good", broken), ("c3", fixed)):
        judgements = [Good("failed")] * failed + [Bad("passed")] * passed
        at = datetime(2026, 1, 1, tzinfo=UTC)
        ends.append([Reading(commit, Role.PREMISE, one, at, RUN) for one in judgements])
    return fix_premise.decide(PLAN, ends[0], ends[1], doubted=False)


def test_the_endpoint_that_works_is_read_first() -> None:
    """A predicate reviews failures by it."""
    assert decide((0, 0), (0, 0)) == MoreReadings(of_good=False)
    assert decide((0, 0), (0, 1)) == MoreReadings(of_good=True)
    assert isinstance(decide((1, 0), (0, 1)), Established)


def test_a_test_that_fails_only_sometimes_before_the_fix_is_no_swap() -> None:
    """The broken endpoint passes most runs: it gets more of them, until it fails often enough or never."""
    assert isinstance(decide((0, 5), (0, 1)), MoreReadings)
    assert isinstance(decide((1, 9), (0, 10)), MoreReadings)
    assert isinstance(decide((12, 28), (0, 40)), Established)
    found = decide((0, 30), (0, 1))
    assert isinstance(found, NoRegression)
    assert found.why.startswith("the broken endpoint passed all 30 runs (fixed: 1)")


def test_an_endpoint_that_is_still_broken_ends_the_hunt() -> None:
    """Both endpoints always fail: the one that should be fixed is not."""
    found = decide((16, 0), (16, 0))
    assert isinstance(found, BadIsGood)
    assert found.why.startswith("the fixed endpoint is already judged broken")


def test_swapped_endpoints_of_a_fix_are_told() -> None:
    """The broken endpoint never fails, the fixed one always does."""
    found = decide((0, 16), (16, 0))
    assert isinstance(found, BadIsGood)
    assert "look swapped" in found.why


def test_both_directions_between_the_same_commits_are_different_hunts(tmp_path: Path) -> None:
    """No reading of one is a reading of the other; the ends by age are the same."""
    ids = [*write_history(tmp_path / "repo", chain(4)).values()]
    values: dict[str, object] = {
        "repository": str(tmp_path / "repo"),
        "scratch": str(tmp_path / "scratch"),
        "test": {"command": "sh test.sh"},
    }
    broke = Ground(build({**values, "good": [ids[0]], "bad": ids[3]}, tmp_path, None), None, os.environ)
    fixed = {**values, "find": "fix", "bad": ids[0], "good": [ids[3]]}
    fix = Ground(build(fixed, tmp_path, None), None, os.environ)
    one, other = Session(broke, broke.hunt.before), Session(fix, fix.hunt.before)
    assert (one.plan.good, one.plan.bad) == (other.plan.good, other.plan.bad) == ((ids[0],), ids[3])
    assert one.key != other.key
    assert one.identity.judgements(ids) != other.identity.judgements(ids)
    assert one.identity.tests(ids) == other.identity.tests(ids)
    named = other.identity.named
    assert (named["old"], named["new"]) == (named["bad"], named["good"]) == (ids[0], ids[3])


def test_a_measured_premise_is_the_same_in_both_directions() -> None:
    """Ratios are turned where they are taken, so the endpoints are weighed as ever."""
    plan = replace(plan_of([[]], ratio=1.2), terms=FIX)
    assert fix_premise.decide(plan, [], [], doubted=False) == premise.decide([], [], plan.repeats, 1.2)
