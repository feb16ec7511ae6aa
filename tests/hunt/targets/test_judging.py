"""One run judged for several targets, and what whole runs of the endpoints tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bisector.hunt.targets.finding import (
    FAIL_AT_BOTH,
    FIXED,
    GONE,
    PASS_AT_BOTH,
    SKIPPED,
    WholeRun,
    found_between,
    whole_run,
)
from bisector.hunt.targets.judging import EACH, Several, readings_of, told_by
from bisector.hunt.targets.narrowing import hunt_name
from bisector.predicate import Bad, Ending, Good, Judgement, Match, Run, Undecided, Untestable
from bisector.probe.reading import Reading, Role
from bisector.probe.request import Request
from predicates.tests import Tests, TestsOptions

AT = datetime(2026, 1, 1, tzinfo=UTC)


def run_of(*lines: str) -> Run:
    """A finished run that printed these lines of TAP."""
    (pattern,) = Tests(TestsOptions(format="tap")).patterns
    matches = {pattern: [Match(0.0, line) for line in lines]}
    return Run(1.0, 1.0, 0.0, ending=Ending.EXITED, exit_code=1, matches=matches)


def predicate_of(name: str | None = None) -> Tests:
    """The predicate for one test, or for all."""
    return Tests(TestsOptions(format="tap", test=name))


RUN = run_of("1..3", "ok 1 - a", "not ok 2 - b", "ok 3 - c # SKIP")
EVERY = {name: predicate_of(name) for name in ("a", "b", "c", "d")}


def reading(judgement: Judgement, run: Run | None = RUN) -> Reading:
    """A joint reading."""
    return Reading("c1", Role.SEARCH, judgement, AT, run=run)


def asked(*names: str) -> dict[str, Request]:
    """A request of each target, the first of which confirms."""
    roles = [Role.CONFIRMATION, *[Role.SEARCH] * len(names)]
    return {name: Request("c1", role, about="c2") for name, role in zip(names, roles, strict=False)}


def test_each_target_gets_its_own_judgement_and_role() -> None:
    """Good, bad, skipped and absent, from the same run."""
    found = readings_of(reading(Bad(EACH)), asked(*EVERY), predicate_of(), EVERY)
    kinds = {name: type(one.judgement) for name, one in found.items()}
    assert kinds == {"a": Good, "b": Bad, "c": Untestable, "d": Untestable}
    assert [one.role for one in found.values()] == [Role.CONFIRMATION, *[Role.SEARCH] * 3]
    assert {one.at for one in found.values()} == {AT}


def test_the_whole_test_tells_of_each_target_as_its_own_predicate_does() -> None:
    """The results are read once for all targets, and say the same."""
    told = told_by(predicate_of(), RUN)
    assert told == {name: EVERY[name].judge(RUN, None) for name in ("a", "b", "c")}


@pytest.mark.parametrize(
    "joint",
    [
        reading(Untestable("it does not build"), run=None),
        reading(Untestable("the test's script run.sh does not exist (exit 127)")),
        reading(Undecided(f"{EACH}, but none of 2 runs was fair")),
    ],
)
def test_what_the_engine_found_holds_for_every_target(joint: Reading) -> None:
    """A build that fails says nothing about any of them, and an unfair run is no verdict."""
    found = readings_of(joint, asked("a", "b"), predicate_of(), EVERY)
    assert [one.judgement for one in found.values()] == [joint.judgement] * 2


def test_the_joint_judgement_is_the_worst() -> None:
    """A doubtful failure of one target repeats the run for all."""
    assert Several(predicate_of(), EVERY).judge(RUN, None) == Bad(EACH)
    assert Several(predicate_of(), {"a": EVERY["a"], "d": EVERY["d"]}).judge(RUN, None) == Good(EACH)
    assert Several(predicate_of(), {"d": EVERY["d"]}).judge(RUN, None) == Untestable(EACH)
    assert Several(predicate_of(), {}).judge(RUN, None) == Bad(EACH)


def test_the_targets_pass_at_good_and_fail_at_bad() -> None:
    """All others are told by what they do."""
    at_good = {"t": Good("p"), "same": Good("p"), "old": Bad("f"), "fixed": Bad("f"), "gone": Good("p")}
    at_bad = {"t": Bad("f"), "same": Good("p"), "old": Bad("f"), "fixed": Good("p"), "new": Bad("f")}
    good = WholeRun(reading(Good(EACH)), {**at_good, "skipped": Untestable("s")})
    bad = WholeRun(reading(Bad(EACH)), {**at_bad, "skipped": Bad("f")})
    found = found_between(good, bad)
    assert found.targets == ("t", "new"), "one that good does not have is hunted from where it begins"
    assert found.others == {
        PASS_AT_BOTH: ("same",),
        FAIL_AT_BOTH: ("old",),
        FIXED: ("fixed",),
        GONE: ("gone",),
        SKIPPED: ("skipped",),
    }


def test_a_whole_run_survives_the_journal() -> None:
    """With its outcomes, and the reading that is the first one of each target."""
    run = whole_run("bad", reading(Bad(EACH)), predicate_of())
    assert isinstance(run, WholeRun)
    again = WholeRun.of(run.document())
    assert (
        again.outcomes
        == run.outcomes
        == {"a": Good("'a' passed"), "b": Bad("'b' failed"), "c": run.outcomes["c"]}
    )
    first = again.reading_of("b")
    assert (first.commit, first.role, first.judgement, first.at) == (
        "c1",
        Role.PREMISE,
        Bad("'b' failed"),
        AT,
    )


def test_a_whole_run_without_a_result_names_no_target() -> None:
    """It says why instead."""
    failed = reading(Untestable("it does not build"), run=None)
    assert (
        whole_run("good", failed, predicate_of())
        == "the good endpoint c1 cannot be tested: it does not build"
    )
    silent = whole_run("bad", replace(reading(Untestable(EACH)), run=run_of()), predicate_of())
    assert isinstance(silent, str) and "names no test" in silent


def test_the_names_of_hunts_differ_and_are_valid() -> None:
    """Names of tests have letters that names of hunts must not have."""
    names = ["test_a.py::test_x[1]", "test_a.py::test_x[1", "test_x", "-", "ä" * 200, "x" * 200, "x" * 199]
    hunts = [hunt_name("main", name) for name in names]
    assert len(set(hunts)) == len(names)
    from bisector.hunt_file.fields import _hunt_name

    assert [_hunt_name(name) for name in hunts] == hunts
    assert hunt_name("main", "test_x") == "main-test_x"
