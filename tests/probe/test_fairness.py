"""Which runs are fair, and which judgements depend on that."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bisector.predicate import Bad, Contention, Ending, Good, Judgement, Match, Measured, Run, Untestable
from bisector.probe.discovery import find_predicate, options_context
from bisector.probe.fairness import doubt, stretch, why_unfair

CORES = os.cpu_count() or 1


def run(ending: Ending = Ending.EXITED, code: int | None = 0, **seen: Any) -> Run:
    exit_code = code if ending is Ending.EXITED else None
    return Run(10.0, 1.0, 0.0, ending=ending, exit_code=exit_code, contention=Contention(**seen))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ({}, None),
        ({"steal": 0.049}, None),
        ({"steal": 0.051}, "the hypervisor took 5% of the CPUs' time"),
        ({"waited": 0.09, "pressure": 1.0, "cpu_share": 0.1, "load": 99.0}, None),
        ({"waited": 0.62}, "it waited for a CPU 62% of its time"),
        ({"pressure": 0.9, "cpu_share": 0.95}, None),
        ({"pressure": 0.9}, None),
        ({"pressure": 0.1, "cpu_share": 0.1, "involuntary_switches": 9999}, None),
        (
            {"pressure": 0.9, "cpu_share": 0.1},
            "it had a CPU for only 10% of its time while others waited too (90% of it)",
        ),
        ({"involuntary_switches": 20, "cpu_share": 0.1}, None),
        (
            {"involuntary_switches": 21, "cpu_share": 0.1},
            "it had a CPU for only 10% of its time while it was preempted 21 times",
        ),
        ({"load": 1.4 * CORES, "cpu_share": 0.1}, None),
        (
            {"load": 20.0 * CORES, "cpu_share": 0.1},
            f"it had a CPU for only 10% of its time while the load was {20.0 * CORES}",
        ),
    ],
)
def test_signs_of_an_unfair_run(seen: dict[str, Any], why: str | None) -> None:
    """The run's own waiting time decides if it is known, or else signs of load, if it got little CPU time."""
    assert why_unfair(run(**seen)) == why


_HALF = math.log(2)
"""The stretch of a run that may have waited for half of its time."""


@pytest.mark.parametrize(
    ("seen", "longest"),
    [
        pytest.param({"waited": 0.5, "cpu_share": 0.5, "others": 0.9}, 0.0, id="the waiting is measured"),
        pytest.param({"cpu_share": 0.5, "others": 0.0}, 0.0, id="nobody else ran"),
        pytest.param(
            {"cpu_share": 0.5, "others": 0.9}, _HALF, id="it ran half of its time, others all of it"
        ),
        pytest.param({"cpu_share": 0.1, "others": 0.5}, _HALF, id="others had all CPUs for half of its time"),
        pytest.param(
            {"cpu_share": 0.1, "others": 0.9, "pressure": 0.5}, _HALF, id="somebody waited that long"
        ),
        pytest.param({"cpu_share": 0.95, "others": 0.9}, 0.0, id="it always had a CPU"),
        pytest.param(
            {"cpu_share": 0.95 * CORES, "others": 0.9, "involuntary_switches": 1},
            0.0,
            id="its threads had all CPUs",
        ),
        pytest.param({"cpu_share": 0.0, "load": CORES / 2}, _HALF, id="the load alone is known"),
        pytest.param({"cpu_share": 0.0, "load": 0.0}, 0.0, id="no load"),
        pytest.param({}, 0.0, id="nothing is known"),
        pytest.param({"waited": 0.0, "cpu_share": CORES, "others": 0.0, "steal": 0.5}, _HALF, id="stolen"),
    ],
)
def test_how_long_load_may_have_made_a_run(seen: dict[str, Any], longest: float) -> None:
    """The stretch is the longest that the figures of the machine allow."""
    assert stretch(run(**seen)) == pytest.approx(longest)


def test_a_preempted_run_with_several_threads_may_have_waited() -> None:
    """One CPU's worth of time is no proof: without others, it may have had all CPUs."""
    calm, preempted = (stretch(run(cpu_share=1.0, others=0.5, involuntary_switches=n)) for n in (20, 21))
    assert calm == 0.0
    assert (preempted > 0) == (CORES > 1)


def test_a_run_that_lost_nearly_everything_has_a_finite_stretch() -> None:
    """A share of 100% does not make the stretch infinite."""
    assert 2.0 < stretch(run(cpu_share=0.0, others=1.0)) < 4.0


@pytest.mark.parametrize(("wall", "fair"), [(0.007, True), (0.099, True), (0.101, False), (10.0, False)])
def test_a_short_wait_is_fair(wall: float, fair: bool) -> None:
    """Half the time of a run of a few milliseconds is no sign of a crowd."""
    assert (why_unfair(replace(run(waited=0.5), wall=wall)) is None) is fair


FAIR, UNFAIR = {"waited": 0.0}, {"waited": 0.7}
PARTS = {"of": [{"name": "markers_within"}, {"name": "no_oom"}]}
LINES = {"of": [{"name": "output_matches", "pattern": "x", "when": "good"}, {"name": "exit_status"}]}


@pytest.mark.parametrize(
    ("name", "options", "judgement", "ending", "code", "doubted"),
    [
        ("exit_status", {}, Bad("x"), Ending.TIMEOUT, None, True),
        ("exit_status", {}, Bad("x"), Ending.EXITED, 124, True),
        ("exit_status", {}, Bad("x"), Ending.EXITED, 1, False),
        ("exit_status", {}, Good("x"), Ending.EXITED, 0, False),
        ("no_oom", {"timeout": "good"}, Good("x"), Ending.TIMEOUT, None, True),
        ("no_oom", {}, Bad("x"), Ending.MEMORY_LIMIT, None, False),
        ("scoreboard", {}, Untestable("x"), Ending.TIMEOUT, None, True),
        ("scoreboard", {}, Bad("x"), Ending.EXITED, 0, True),
        ("scoreboard", {}, Good("x"), Ending.EXITED, 0, False),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("x"), Ending.EXITED, 0, True),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("x"), Ending.EXITED, 1, False),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("x"), Ending.EXITED, 124, True),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("x"), Ending.EXITED, 137, True),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("x"), Ending.TIMEOUT, None, True),
        ("scoreboard", {}, Bad("x"), Ending.EXITED, 1, True),
        ("all_of", LINES, Bad("x"), Ending.EXITED, 1, False),
        ("all_of", {"of": [*LINES["of"], {"name": "scoreboard"}]}, Bad("x"), Ending.EXITED, 1, True),
        ("output_matches", {"pattern": "x", "when": "bad"}, Bad("x"), Ending.JUDGED, None, False),
        ("per_test_user_time", {}, Untestable("x"), Ending.EXITED, 0, True),
        ("per_test_user_time", {}, Untestable("x"), Ending.EXITED, 127, False),
        ("per_test_user_time", {}, Untestable("x"), Ending.SIGNALLED, None, False),
        ("per_test_user_time", {}, Measured(1.3, "x"), Ending.EXITED, 0, False),
        ("per_test_user_time", {}, Bad("x"), Ending.TIMEOUT, None, True),
        ("wall_time", {}, Measured(1.3, "x"), Ending.EXITED, 0, False),
        ("markers_within", {}, Bad("x"), Ending.JUDGED, None, False),
        ("scoreboard", {}, Bad("x"), Ending.JUDGED, None, True),
        ("markers_within", {}, Bad("x"), Ending.EXITED, 0, True),
        ("markers_within", {}, Good("x"), Ending.JUDGED, None, False),
        ("markers_within", {}, Good("x"), Ending.EXITED, 124, False),
        ("all_of", PARTS, Bad("x"), Ending.JUDGED, None, True),
        ("all_of", {"of": [{"name": "no_oom"}]}, Bad("x"), Ending.MEMORY_LIMIT, None, False),
    ],
)
def test_what_is_doubted(
    name: str, options: dict[str, Any], judgement: Judgement, ending: Ending, code: int | None, doubted: bool
) -> None:
    """In an unfair run, timeouts and wall-clock judgements are doubted, but not a good one in time."""
    kind = find_predicate(name, Path())
    predicate = kind(kind.Options.model_validate(options, context=options_context(Path())))
    assert doubt(predicate, judgement, [run(ending, code, **FAIR)]) is None
    assert bool(doubt(predicate, judgement, [run(ending, code, **UNFAIR)])) is doubted


def test_a_timeout_that_the_test_had_a_cpu_for() -> None:
    """The timeout does not count waiting, so a run that waited half of its time still had its full time."""
    kind = find_predicate("exit_status", Path())
    assert doubt(kind(kind.Options()), Bad("x"), [run(Ending.TIMEOUT, None, waited=0.5)]) is None


def test_a_timeout_beside_an_unfair_reference() -> None:
    """The timeout of a candidate is valid even if its reference had an unfair run."""
    kind = find_predicate("per_test_user_time", Path())
    predicate, timeout = kind(kind.Options()), run(Ending.TIMEOUT, None, **FAIR)
    assert doubt(predicate, Bad("x"), [timeout, run(**UNFAIR)]) is None


@pytest.mark.parametrize(
    ("name", "options", "judgement", "doubted"),
    [
        ("per_test_user_time", {}, Untestable("no line"), False),
        ("output_matches", {"pattern": "x", "when": "good"}, Bad("no line"), False),
        ("markers_within", {"count": 1, "within": "0.5s"}, Bad("late"), True),
    ],
)
def test_what_a_quick_run_did_not_print(
    name: str, options: dict[str, Any], judgement: Judgement, doubted: bool
) -> None:
    """A script has no deadline of less than a second that load could have made it miss. The hunt may have."""
    kind = find_predicate(name, Path())
    predicate = kind(kind.Options.model_validate(options, context=options_context(Path())))
    quick = replace(run(**UNFAIR), wall=0.9)
    assert why_unfair(quick)
    assert bool(doubt(predicate, judgement, [quick])) is doubted
    assert doubt(predicate, judgement, [replace(quick, wall=1.1)])
    assert doubt(predicate, judgement, [replace(quick, exit_code=124)])


@pytest.mark.parametrize(
    ("name", "code", "doubted"),
    [
        ("wall_time", 3, False),
        ("wall_time", 124, True),
        ("wall_time", 137, True),
        ("counter", 0, True),
        ("per_test_user_time", 3, True),
    ],
)
def test_a_crash_of_a_measured_test_is_believed(name: str, code: int, doubted: bool) -> None:
    """Load is no reason to doubt a failure, unless a deadline may be behind it or it has a figure anyway."""
    kind = find_predicate(name, Path())
    assert bool(doubt(kind(kind.Options()), Untestable("x"), [run(code=code, **UNFAIR)])) is doubted


@pytest.mark.parametrize(("printed", "doubted"), [("allocated_words: 3", False), ("", True)])
def test_an_unfair_reference_that_has_its_figure(printed: str, doubted: bool) -> None:
    """If the candidate alone lacks the figure, the waiting of the reference did not cause that."""
    kind = find_predicate("counter", Path())
    counter = kind(kind.Options())
    (pattern,) = counter.patterns
    found = {pattern: (Match(1.0, printed, ("3",)),)} if printed else {}
    reference = replace(run(**UNFAIR), matches=found)
    assert bool(doubt(counter, Untestable("x"), [run(**FAIR), reference])) is doubted
