"""One failure is told from another: `like`, `otherwise` and `exits`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bisector.predicate import Bad, Ending, Ends, Good, Judgement, Measured, Run, Untestable
from predicates.failure import LOOKED_AT, Signature, masked

from .test_judgements import finished, predicate

PASSED = Run(1.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=0)


def failed(output: str, code: int = 1) -> Run:
    """A run that printed this and exited with `code`."""
    return Run(1.0, 0.0, 0.0, ending=Ending.EXITED, exit_code=code, output=output)


def reviewed(name: str, run: Run, ends: Ends, **options: Any) -> Judgement:
    """The judgement as a hunt gets it."""
    one = predicate(name, **options)
    return one.review(one.judge(run, None), run, ends)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("error: at 0x7ffd12 after 0.31s", "error: at 0x55aa after 12.5 s"),
        ("/slots/1/src/a.c:12:3: error: x", "/other/slot/a.c:480:11: error: x"),
        ("12:30:01 panic in worker 7", "23:59:59 panic in worker 12"),
        ("\x1b[31mFAILED\x1b[0m  3 tests", "FAILED 44 tests"),
        ("fatal: bad object 1477ac0b2ec2", "fatal: bad object de52a3fde977"),
        ("cannot open /tmp/tmpab12cd34/x", "cannot open /tmp/tmpzz98xy76/x"),
    ],
)
def test_what_changes_between_runs_is_masked(one: str, other: str) -> None:
    """Numbers, times, addresses, folders, ids and colours do not tell failures apart."""
    assert masked(one) == masked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("error[E0308]: mismatched types", "error[E0309]: mismatched types"),
        ("/slot/a.c:12: error: x", "/slot/b.c:12: error: x"),
        ("ValueError: x", "KeyError: x"),
    ],
)
def test_what_names_a_failure_is_kept(one: str, other: str) -> None:
    """Codes, file names and kinds of errors do."""
    assert masked(one) != masked(other)


@given(st.text())
def test_masking_twice_changes_nothing(line: str) -> None:
    """A masked line is a fixed point where only digits and spaces were masked."""
    words = " ".join(line.split())
    if words.isalpha():
        assert masked(line) == words


def test_the_signature_has_the_last_error_line() -> None:
    """Not the last line, which may be anything."""
    run = failed("error: first\nAssertionError: second 12\nmake: leaving\n", code=2)
    assert str(Signature.of(run)) == "exit code 2, 'AssertionError: second #'"
    assert str(Signature.of(failed("nothing to see"))) == "exit code 1, without an error line"


@given(st.text(max_size=50), st.integers(0, 3 * LOOKED_AT))
def test_the_signature_needs_no_more_output_than_the_journal_keeps(line: str, noise: int) -> None:
    """So a resumed hunt finds the same one."""
    run = failed(f"error: {line}\n{'x ' * noise}")
    assert Signature.of(run) == Signature.of(replace(run, output=run.output[-LOOKED_AT:]))


BAD = failed("ERROR: hung task\n")


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (failed("ERROR: hung task\n"), Bad),
        (failed("ERROR: hung task\n", code=2), Untestable),
        (failed("ERROR: odebug\n"), Untestable),
        (failed("quiet\n"), Untestable),
        (replace(BAD, ending=Ending.SIGNALLED, exit_code=None, signal=11), Untestable),
        (PASSED, Good),
    ],
)
def test_like_auto_takes_only_the_failure_of_the_bad_endpoint(run: Run, kind: type[Judgement]) -> None:
    """Another exit code, signal or error line is another failure."""
    found = reviewed("exit_status", run, Ends(PASSED, BAD), like="auto")
    assert type(found) is kind
    if kind is Untestable:
        assert found.why.startswith("another failure: ")
        assert found.why.endswith("the bad endpoint's: exit code 1, 'ERROR: hung task'")


def test_like_auto_without_the_bad_endpoint_is_untestable() -> None:
    """A single probe cannot know which failure is meant."""
    found = reviewed("exit_status", BAD, Ends(PASSED), like="auto")
    assert isinstance(found, Untestable)
    assert found.why.startswith("the bad endpoint's failure is not known, and ")


def test_like_a_pattern() -> None:
    """A failing run without such a line is another failure, a passing one stays good."""
    one = predicate("exit_status", like="hung task")
    hung, other = finished(one, "hung task", exit_code=1), finished(one, "odebug", exit_code=1)
    assert isinstance(one.review(one.judge(hung, None), hung, Ends()), Bad)
    assert isinstance(one.review(one.judge(other, None), other, Ends()), Untestable)
    assert isinstance(one.review(one.judge(PASSED, None), PASSED, Ends()), Good)


def test_like_lets_a_bad_run_go_on_to_its_end() -> None:
    """The failure shows only there; a good match still ends the run."""
    bad = predicate("output_matches", pattern="x", like="auto")
    assert bad.watch(finished(bad, "x")) is None
    good = predicate("output_matches", pattern="x", when="good", like="auto")
    assert isinstance(good.watch(finished(good, "x")), Good)


def test_without_like_any_failure_is_bad() -> None:
    """The default is what it was."""
    assert isinstance(reviewed("exit_status", failed("odebug"), Ends(PASSED, BAD)), Bad)


@pytest.mark.parametrize(
    ("options", "code", "kind"),
    [
        ({}, 0, Good),
        ({}, 1, Untestable),
        ({"otherwise": "good"}, 1, Good),
        ({"otherwise": "bad"}, 1, Bad),
        ({"exits": [0, 1]}, 1, Good),
        ({"exits": [1]}, 0, Untestable),
        ({"when": "good"}, 0, Bad),
        ({"when": "good"}, 1, Bad),
        ({"when": "good", "otherwise": "untestable"}, 1, Untestable),
    ],
)
def test_a_failure_without_the_line(options: dict[str, Any], code: int, kind: type[Judgement]) -> None:
    """It may have come before the line could be printed."""
    found = reviewed("output_matches", failed("", code=code), Ends(PASSED), pattern="x", **options)
    assert type(found) is kind


def test_the_exit_code_of_the_good_endpoint_is_no_failure() -> None:
    """A test may exit 1 everywhere."""
    found = reviewed("output_matches", failed(""), Ends(failed("")), pattern="x")
    assert isinstance(found, Good)


def test_parts_of_a_combination_are_reviewed() -> None:
    """Each part sees the endpoints, and the combination runs to the end where a part needs that."""
    parts = [{"name": "exit_status", "like": "auto"}, {"name": "no_oom"}]
    both = predicate("all_of", of=parts)
    assert both.reviews
    assert both.runs_to_the_end
    other = failed("ERROR: odebug\n")
    assert isinstance(both.judge(other, None), Bad)
    assert isinstance(both.review(both.judge(other, None), other, Ends(PASSED, BAD)), Untestable)


@pytest.mark.parametrize(
    ("options", "code", "reference", "kind"),
    [
        ({}, 1, 0, Untestable),
        ({}, 1, 1, Untestable),
        ({}, 2, 1, Untestable),
        ({}, 0, 1, Untestable),
        ({"exits": [1]}, 1, 1, Measured),
        ({"exits": [0, 1]}, 1, 0, Measured),
        ({"exits": [0, 1]}, 2, 0, Untestable),
        ({"exits": [0]}, 0, 1, Untestable),
    ],
)
def test_exit_codes_of_measured_runs(
    options: dict[str, Any], code: int, reference: int, kind: type[Judgement]
) -> None:
    """A crash has a time and a memory too, so by default only 0 is normal; `exits` says which codes are."""
    for name in ("wall_time", "user_time", "peak_memory"):
        one = predicate(name, **options)
        runs = [finished(one, exit_code=each, peak_memory=100) for each in (code, reference)]
        assert type(one.judge(*runs)) is kind


@pytest.mark.parametrize(
    ("code", "reference", "kind"),
    [(1, 0, Untestable), (1, 1, Measured), (2, 1, Untestable), (0, 1, Measured)],
)
def test_exit_codes_of_runs_that_print_their_figure(code: int, reference: int, kind: type[Judgement]) -> None:
    """The figure shows that the work was done, so the reference's exit code is normal too."""
    words = predicate("counter")
    runs = [finished(words, "allocated_words: 1000", exit_code=one) for one in (code, reference)]
    assert type(words.judge(*runs)) is kind


def test_exits_of_a_predicate_that_counts_its_tests() -> None:
    """It asks for no exit code, unless the hunt file does."""
    run = finished(predicate("per_test_user_time"), "3/4", exit_code=2)
    for options, kind in ((dict[str, Any](), Measured), ({"exits": [0, 1]}, Untestable)):
        assert type(predicate("per_test_user_time", **options).judge(run, run)) is kind


@pytest.mark.parametrize("exits", [[], [256], [-1], ["x"]])
def test_exits_refused(exits: list[object]) -> None:
    """Exit codes are 0 to 255, at least one."""
    with pytest.raises(ValidationError):
        predicate("no_oom", exits=exits)
