"""How each shipped predicate judges the runs that it is made for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bisector.predicate import (
    Bad,
    Contention,
    Ending,
    Good,
    Judgement,
    Match,
    Measured,
    Predicate,
    Run,
    Untestable,
)
from bisector.probe.discovery import find_predicate, options_context


def predicate(name: str, **options: Any) -> Predicate[Any]:
    kind = find_predicate(name, Path())
    return kind(kind.Options.model_validate(options, context=options_context(Path())))


def finished(
    predicate: Predicate[Any],
    *lines: str,
    ending: Ending = Ending.EXITED,
    times: tuple[float, ...] = (),
    **known: Any,
) -> Run:
    """A run that printed `lines` at `times` (by default one per second)."""
    matches = {
        pattern: tuple(
            Match(at, line, found.groups())
            for at, line in zip(times or range(len(lines)), lines, strict=True)
            if (found := re.search(pattern, line))
        )
        for pattern in predicate.patterns
    }
    defaults: dict[str, Any] = {"wall": 10.0, "user": 5.0, "system": 0.5}
    if ending is Ending.EXITED:
        defaults["exit_code"] = 0
    return Run(**(defaults | known), ending=ending, matches=matches)


def test_user_time_per_test() -> None:
    """In the plan's own figures, a suite that grew by 10% is not slower per test."""
    tcl = predicate("per_test_user_time")
    reference = finished(tcl, "parse 67/67", "total: 342/342", user=19.1)
    found = tcl.judge(finished(tcl, "parse 67/67", "total: 376/376", user=17.5), reference)
    assert isinstance(found, Measured)
    assert found.value == pytest.approx((17.5 / 376) / (19.1 / 342))
    assert found.why == "46.5 ms of user time per test, 0.83x the reference's 55.8 ms"


@pytest.mark.parametrize(("name", "known"), [("wall_time", {}), ("peak_memory", {"peak_memory": 100})])
def test_a_run_that_fails_says_nothing(name: str, known: dict[str, Any]) -> None:
    """A run may have crashed before its work, also that of the reference."""
    one = predicate(name)
    well, failed = finished(one, **known), finished(one, exit_code=1, **known)
    found = one.judge(failed, well)
    assert isinstance(found, Untestable)
    assert found.why == "the test failed (exit 1), while the reference's run succeeded"
    for run in (well, failed):
        found = one.judge(run, failed)
        assert isinstance(found, Untestable)
        assert found.why.startswith("in the reference's run the test failed with exit code 1, so it may not ")
        assert found.why.endswith("or `predicate.exits: [1]` in the hunt file")


def test_tests_that_fail_are_counted_with_the_others() -> None:
    """A suite that ran all its tests took the time of all of them."""
    tcl = predicate("per_test_user_time")
    reference = finished(tcl, "total: 342/342")
    assert isinstance(tcl.judge(finished(tcl, "total: 340/342", exit_code=1), reference), Measured)


@pytest.mark.parametrize("line", ["0/0", "no totals at all", "2026/11/22", "a/b/12/13/c"])
def test_no_tests_ran(line: str) -> None:
    """Without a count of tests, the time cannot be divided."""
    lua = predicate("per_test_user_time")
    found = lua.judge(finished(lua, line), finished(lua, "185/185"))
    assert isinstance(found, Untestable)
    assert "did not report that any test ran" in found.why
    assert "set `tests` to a regular expression" in found.why


@pytest.mark.parametrize(
    ("name", "seconds", "said"),
    [
        ("user_time", 1.064, "1.06 s of user time, 1.00x the reference's 1.06 s"),
        ("user_time", 0.0465, "46.5 ms of user time, 1.00x the reference's 46.5 ms"),
        ("wall_time", 1206.4, "1206 s, 1.00x the reference's 1206 s"),
    ],
)
def test_times_are_said_without_powers_of_ten(name: str, seconds: float, said: str) -> None:
    """Three digits, in the unit that suits."""
    one = predicate(name)
    run = finished(one, wall=seconds, user=seconds)
    found = one.judge(run, run)
    assert isinstance(found, Measured) and found.why == said


def test_own_pattern_for_the_number_of_tests() -> None:
    """Without a group named total, the last group is the number."""
    custom = predicate("per_test_user_time", tests=r"ran (\d+) of (\d+)")
    run = finished(custom, "ran 1 of 10")
    found = custom.judge(run, finished(custom, "ran 1 of 5"))
    assert isinstance(found, Measured) and found.value == 0.5


@pytest.mark.parametrize(
    ("name", "ending", "kind"),
    [
        ("per_test_user_time", Ending.TIMEOUT, Bad),
        ("per_test_user_time", Ending.MEMORY_LIMIT, Untestable),
        ("per_test_user_time", Ending.SIGNALLED, Untestable),
        ("wall_time", Ending.TIMEOUT, Bad),
        ("peak_memory", Ending.MEMORY_LIMIT, Bad),
        ("peak_memory", Ending.TIMEOUT, Untestable),
        ("counter", Ending.TIMEOUT, Untestable),
    ],
)
def test_unfinished_candidate(name: str, ending: Ending, kind: type[Judgement]) -> None:
    """An unfinished candidate is bad if the hunt looks for this ending, or else untestable."""
    paired = predicate(name)
    reference = finished(paired, "1/1", "allocated_words: 5", peak_memory=1000)
    assert isinstance(paired.judge(finished(paired, "1/1", ending=ending, wall=600), reference), kind)


def test_unfinished_reference() -> None:
    """A reference that did not finish says nothing about the candidate, whatever the candidate did."""
    tcl = predicate("per_test_user_time")
    both = finished(tcl, ending=Ending.TIMEOUT, wall=600)
    found = tcl.judge(both, both)
    assert isinstance(found, Untestable)
    assert found.why == "in the reference's run the test did not finish within 600 s, the hunt's timeout"


@pytest.mark.parametrize(
    ("name", "known", "least"),
    [
        ("per_test_user_time", {"user": 50.0}, 4.0),
        ("wall_time", {"wall": 50.0}, None),
        ("wall_time", {"wall": 50.0, "contention": Contention(waited=0.2)}, 4.0),
        ("peak_memory", {"peak_memory": 5000}, 5.0),
        ("counter", {"user": 50.0}, None),
    ],
)
def test_what_a_running_test_has_come_to(name: str, known: dict[str, Any], least: float | None) -> None:
    """Figures that only grow limit the ratio from below, with 25% more tests than an endpoint has."""
    paired = predicate(name)
    whole = finished(paired, "total: 100/100", wall=10.0, user=10.0, peak_memory=1000)
    running = Run(**{"wall": 1.0, "user": 1.0, "system": 0.0, **known})
    assert paired.at_least(running, whole, [whole]) == least
    unfinished = finished(paired, "total: 100/100", ending=Ending.TIMEOUT)
    assert paired.at_least(running, unfinished, [whole]) is None


def test_more_tests_than_expected() -> None:
    """If a running test already counts more tests than that, those are used."""
    tcl = predicate("per_test_user_time")
    whole = finished(tcl, "total: 100/100", user=10.0)
    running = finished(tcl, "total: 400/400", user=50.0)
    assert tcl.at_least(running, whole, [whole]) == 50.0 / 400 / 0.1


def test_counter() -> None:
    """The last printed number counts, and may have thousands separators."""
    words = predicate("counter", pattern=r"words: ([\d,]+)")
    found = words.judge(finished(words, "words: 1", "words: 3,000"), finished(words, "words: 2,000"))
    assert isinstance(found, Measured) and found.value == 1.5
    with pytest.raises(ValidationError, match="needs a group around the number"):
        predicate("counter", pattern="words")


@pytest.mark.parametrize(
    ("lines", "ratio"),
    [(("words: 1", "words: 5"), 3.0), (("words: 1", "words: none"), None), ((), None)],
)
def test_counter_of_several_programs(lines: tuple[str, ...], ratio: float | None) -> None:
    """With `sum`, the numbers of all lines are added. A line without a number makes the sum unknown."""
    words = predicate("counter", pattern=r"words: (\w+)", sum=True)
    found = words.judge(finished(words, *lines), finished(words, "words: 2"))
    assert (found.value if isinstance(found, Measured) else None) == ratio


@pytest.mark.parametrize(
    ("lines", "least"),
    [(("words: 1", "words: 5"), 3.0), (("words: 5", "words: -1"), None), ((), None)],
)
def test_a_sum_of_counters_so_far(lines: tuple[str, ...], least: float | None) -> None:
    """A sum only grows, unless a number is negative. The last number may become anything."""
    for options, wanted in (({"sum": True}, least), ({}, None)):
        words = predicate("counter", pattern=r"words: (\S+)", **options)
        whole, running = finished(words, "words: 2"), replace(finished(words, *lines), ending=None)
        assert words.at_least(running, whole, [whole]) == wanted


@pytest.mark.parametrize(
    ("name", "line", "other", "exact"),
    [
        ("counter", "words: 1200", "words: 1200", True),
        ("counter", "words: 1200", "words: 1201", False),
        ("counter", "words: 120", "words: 120", False),
        ("counter", "words: 0.012", "words: 0.012", False),
        ("counter", "words: none", "words: none", False),
        ("wall_time", "", "", False),
        ("user_time", "", "", False),
        ("peak_memory", "", "", True),
    ],
)
def test_which_figures_are_exact(name: str, line: str, other: str, exact: bool) -> None:
    """A number that is the same to the last of several digits is no coincidence; the same time is."""
    paired = predicate(name, **({"pattern": r"words: (\S+)"} if name == "counter" else {}))
    runs = [
        finished(paired, text, wall=1.2345678, user=1.2345678, peak_memory=4096) for text in (line, other)
    ]
    assert paired.is_exact(*runs) is exact


MARKERS = {"count": 2, "within": "2m"}
OK = "(ok-len 1 3)"


@pytest.mark.parametrize(
    ("times", "wall", "ending", "kind"),
    [
        ((1.0, 119.9), 130.0, Ending.EXITED, Good),
        ((1.0, 120.1), 130.0, Ending.EXITED, Bad),
        ((1.0,), 121.0, Ending.TIMEOUT, Bad),
        ((1.0,), 100.0, Ending.TIMEOUT, Untestable),
        ((1.0,), 100.0, Ending.EXITED, Bad),
        ((), 1.0, Ending.MEMORY_LIMIT, Untestable),
    ],
)
def test_markers(times: tuple[float, ...], wall: float, ending: Ending, kind: type[Judgement]) -> None:
    """N markers in time are good. Too few are bad when the time is over or the test ended."""
    markers = predicate("markers_within", **MARKERS)
    run = finished(markers, *[OK] * len(times), times=times, wall=wall, ending=ending)
    assert isinstance(markers.judge(run, None), kind)


def test_markers_are_judged_early() -> None:
    """A run is good with the last required marker, bad when the time is over, and undecided before that."""
    markers = predicate("markers_within", **MARKERS)
    assert isinstance(markers.watch(finished(markers, OK, OK, wall=5.0)), Good)
    assert markers.watch(finished(markers, OK, wall=119.0)) is None
    assert markers.watch(finished(markers, OK, wall=120.1)) == Bad("1 of 2 markers within 120 s")


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"ending": Ending.MEMORY_LIMIT, "oom_kills": 1}, Bad),
        ({"exit_code": 0, "oom_kills": 1}, Bad),
        ({"exit_code": 0}, Good),
        ({"exit_code": 1}, Untestable),
        ({"exit_code": 137}, Untestable),
        ({"ending": Ending.TIMEOUT}, Untestable),
        ({"ending": Ending.SIGNALLED, "signal": 9}, Untestable),
    ],
)
def test_no_oom(known: dict[str, Any], kind: type[Judgement]) -> None:
    """Only a kill at the hunt's limit is bad, and a failure without one is not good."""
    oom = predicate("no_oom")
    assert isinstance(oom.judge(finished(oom, **known), None), kind)


def test_timeout_is_no_oom() -> None:
    """A hunt may judge a timeout below the limit as good."""
    oom = predicate("no_oom", timeout="good")
    assert isinstance(oom.judge(finished(oom, ending=Ending.TIMEOUT), None), Good)


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"exit_code": 0}, Good),
        ({"exit_code": 1}, Bad),
        ({"exit_code": 124}, Bad),
        ({"exit_code": 125}, Untestable),
        ({"exit_code": 127}, Untestable),
        ({"exit_code": 255}, Bad),
        ({"ending": Ending.SIGNALLED, "signal": 11}, Bad),
        ({"ending": Ending.TIMEOUT}, Bad),
        ({"ending": Ending.OUTPUT_LIMIT}, Untestable),
    ],
)
def test_exit_status(known: dict[str, Any], kind: type[Judgement]) -> None:
    """The exit codes of git bisect run, with 126 and 127 for a test that could not be run."""
    status = predicate("exit_status")
    assert isinstance(status.judge(finished(status, **known), None), kind)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"exit_code": 124}, "ended with exit code 124 (what `timeout` in a script returns) after 10.0 s"),
        ({"exit_code": 137}, "ended with exit code 137 (what a shell returns for SIGKILL) after 10.0 s"),
        ({"exit_code": 200}, "ended with exit code 200 after 10.0 s"),
        ({"exit_code": 1}, "ended with exit code 1 after 10.0 s"),
        ({"ending": Ending.SIGNALLED, "signal": 11}, "was killed by signal 11 (SIGSEGV) after 10.0 s"),
        ({"ending": Ending.SIGNALLED, "signal": 63}, "was killed by signal 63 after 10.0 s"),
        ({"ending": Ending.TIMEOUT}, "did not finish within 10 s, the hunt's timeout"),
        ({"ending": Ending.MEMORY_LIMIT}, "was killed at the hunt's memory limit after 10.0 s"),
    ],
)
def test_endings_are_told_apart(known: dict[str, Any], why: str) -> None:
    """The script's own timeout, the hunt's timeout, the memory limit and signals have different names."""
    status = predicate("exit_status")
    assert status.judge(finished(status, **known), None).why == f"the test {why}"


@pytest.mark.parametrize(
    ("when", "line", "ending", "kind"),
    [
        ("bad", "FAIL: x", Ending.EXITED, Bad),
        ("bad", "PASS: x", Ending.EXITED, Good),
        ("good", "FAIL: x", Ending.TIMEOUT, Good),
        ("good", "PASS: x", Ending.SIGNALLED, Bad),
        ("bad", "PASS: x", Ending.TIMEOUT, Untestable),
        ("bad", "PASS: x", Ending.MEMORY_LIMIT, Untestable),
    ],
)
def test_output_matches(when: str, line: str, ending: Ending, kind: type[Judgement]) -> None:
    """A match decides. No match decides only if the test ended without being stopped."""
    output = predicate("output_matches", pattern="^FAIL", when=when)
    assert isinstance(output.judge(finished(output, line, ending=ending), None), kind)


@pytest.mark.parametrize(
    ("line", "options", "kind"),
    [
        ("total: 376/376", {}, Good),
        ("total: 375/376", {}, Bad),
        ("total: 375/376", {"passes": 375}, Good),
        ("total: 374/374", {"passes": 375}, Bad),
        ("0/0", {}, Untestable),
        ("nothing", {}, Untestable),
        ('"passed": 590,', {"pattern": r'"passed": (\d+)', "passes": 590}, Good),
    ],
)
def test_scoreboard(line: str, options: dict[str, Any], kind: type[Judgement]) -> None:
    """If even one test is lost, it is bad."""
    board = predicate("scoreboard", **options)
    assert isinstance(board.judge(finished(board, line), None), kind)


@pytest.mark.parametrize(
    ("name", "code", "line", "kind"),
    [
        ("all_of", 0, "fine", Good),
        ("all_of", 1, "fine", Bad),
        ("all_of", 125, "FAIL", Bad),
        ("all_of", 125, "fine", Untestable),
        ("any_of", 1, "FAIL", Bad),
        ("any_of", 0, "FAIL", Good),
        ("any_of", 1, "fine", Untestable),
        ("any_of", 125, "FAIL", Untestable),
    ],
)
def test_combinations(name: str, code: int, line: str, kind: type[Judgement]) -> None:
    """All parts must be good, or any. With an untestable part, the other parts may still decide."""
    both = predicate(name, of=[{"name": "exit_status"}, {"name": "output_matches", "pattern": "FAIL"}])
    assert isinstance(both.judge(finished(both, line, exit_code=code), None), kind)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ([], "name at least one predicate"),
        ([{"name": "wall_time"}], "wall_time measures a ratio, which cannot be combined"),
        ([{"name": "no_oom", "timeouts": "good"}], "timeouts"),
        (["no_oom"], "'no_oom' is not a mapping; write for instance"),
    ],
)
def test_combinations_refused(of: list[object], message: str) -> None:
    """Parts that cannot be combined are refused when the hunt file is read."""
    with pytest.raises(ValidationError, match=message):
        predicate("all_of", of=of)
