"""`tests` judges by what real runners printed and wrote (`outputs/tests`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bisector.predicates.combined import AnyOf
from bisector.predicates.test_formats.registry import LINE_FORMATS, MOST, lines_in
from bisector.predicates.tests import Tests, TestsOptions
from bisector.predicates.written import files_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.predicate import Bad, Ending, Good, Judgement, Match, Run, Untestable
from bisector.probe.discovery import options_context
from bisector.probe.written_files import WrittenFiles

OUTPUTS = Path(__file__).with_name("outputs") / "tests"


def predicate(**options: Any) -> Tests:
    return Tests(TestsOptions(**options))


def ran(judge: Tests, text: str, **ended: Any) -> Run:
    """A run that printed this text, or wrote it to the file that the predicate names."""
    how: dict[str, Any] = {"ending": Ending.EXITED, "exit_code": 0, **ended}
    lines = text.splitlines()
    matches = {
        pattern: tuple(Match(0.0, line) for line in lines if re.search(pattern, line))
        for pattern in judge.patterns
    }
    files = dict.fromkeys(judge.files, text)
    return Run(1.0, 1.0, 0.0, matches=matches, output="" if files else text, files=files, **how)


def judged(name: str, options: dict[str, Any] | None = None, **ended: Any) -> Judgement:
    """What the predicate says of an output; XML and TAP are files."""
    in_file = {"file": "report"} if name.endswith((".xml", ".tap")) else {}
    judge = predicate(**in_file, **(options or {}))
    return judge.judge(ran(judge, (OUTPUTS / name).read_text(encoding="utf-8"), **ended), None)


@pytest.mark.parametrize(
    ("name", "code", "kind", "why"),
    [
        ("alcotest-failed.txt", 1, Bad, "1 test failed: 'sums subtracts'"),
        ("alcotest-passed.txt", 0, Good, "4 tests passed and none failed"),
        ("alcotest-quick.txt", 1, Bad, "1 test failed: 'sums subtracts'"),
        ("cargo-crashed.txt", 101, Untestable, "the results have no summary at their end, and the test"),
        ("cargo-failed.txt", 101, Bad, "1 test failed: 'src/lib.rs tests::adds_too_much'"),
        ("cargo-passed.txt", 0, Good, "4 tests passed and none failed"),
        ("cargo-uncompiled.txt", 101, Untestable, "`calc` (lib) did not compile"),
        ("ctest-failed.txt", 8, Bad, "3 tests failed: 'subtracts twice', 'hangs', 'crashes'"),
        ("ctest-none.txt", 0, Untestable, "there is no result of a test"),
        ("ctest-not-run.txt", 8, Untestable, "unbuilt did not run"),
        ("ctest-passed.txt", 0, Good, "1 test passed and none failed"),
        ("ctest.xml", 8, Bad, "1 test failed: 'subtracts twice'"),
        ("dune-again.txt", 0, Untestable, "there is no result of a test"),
        ("dune-passed.txt", 0, Good, "2 tests passed and none failed"),
        ("dune-short.txt", 1, Bad, "1 test failed: 'test/bad'"),
        ("dune-uncompiled.txt", 1, Untestable, "test/bad.ml:1 did not compile"),
        (
            "go-json.txt",
            1,
            Bad,
            "2 tests failed: 'example.org/calc.TestAdds/large', 'example.org/calc.TestAdds'",
        ),
        ("go-panicked.txt", 1, Bad, "1 test failed: 'example.org/calc/sub.TestPanics'"),
        ("go-quiet.txt", 1, Bad, "2 tests failed: 'example.org/calc.TestAdds', "),
        ("go-timed-out.txt", 1, Untestable, "example.org/calc/sub failed without a failed test"),
        ("go-uncompiled.txt", 1, Bad, "2 tests failed: "),
        ("go-verbose.txt", 1, Bad, "2 tests failed: 'example.org/calc.TestAdds', "),
        ("jest-passed.txt", 0, Good, "1 test passed and none failed"),
        ("jest-quiet.txt", 1, Bad, "1 test failed: './math.test.js Math negative subtracts'"),
        ("jest-uncompiled.txt", 1, Bad, "1 test failed: "),
        ("jest-verbose.txt", 1, Bad, "1 test failed: './math.test.js Math negative subtracts'"),
        ("jest.xml", 1, Bad, "1 test failed: 'Math negative subtracts'"),
        ("node.tap", 1, Bad, "2 tests failed: 'sums > subtracts', 'sums'"),
        ("pytest-collection.txt", 2, Untestable, "test_import.py could not be collected"),
        ("pytest-collection.xml", 2, Untestable, "test_import could not be collected"),
        ("pytest-none.txt", 5, Untestable, "there is no result of a test"),
        ("pytest-passed.txt", 0, Good, "4 tests passed and none failed"),
        ("pytest-quiet.txt", 1, Bad, "3 tests failed: 'test_calc.py::TestSums::test_subtracts', "),
        ("pytest-short.txt", 1, Bad, "3 tests failed: 'test_calc.py::test_setup', "),
        ("pytest-verbose.txt", 1, Bad, "3 tests failed: 'test_calc.py::TestSums::test_subtracts', "),
        ("pytest.xml", 1, Bad, "3 tests failed: 'test_calc.TestSums.test_subtracts', "),
    ],
)
def test_all_tests_count(name: str, code: int, kind: type[Judgement], why: str) -> None:
    """The format is recognized; what failed is named, and what could not be judged is untestable."""
    judgement = judged(name, exit_code=code)
    assert type(judgement) is kind and judgement.why.startswith(why)


def test_every_output_is_judged() -> None:
    """No output is kept that no test reads."""
    marks = [mark for mark in test_all_tests_count.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    assert {row[0] for row in marks[0].args[1]} == {file.name for file in OUTPUTS.iterdir()}


@pytest.mark.parametrize(
    ("name", "test", "kind"),
    [
        ("alcotest-failed.txt", "sums adds", Good),
        ("alcotest-failed.txt", "sums subtracts", Bad),
        ("alcotest-quick.txt", "words and a long name is a very long name of a t...", Untestable),
        ("cargo-failed.txt", "tests::adds", Good),
        ("cargo-failed.txt", "tests::panics", Good),
        ("cargo-failed.txt", "tests/whole.rs adds", Good),
        ("cargo-failed.txt", "src/lib.rs - add (line 3)", Good),
        ("cargo-failed.txt", "tests::adds_too_much", Bad),
        ("cargo-failed.txt", "tests::adds_slowly", Untestable),
        ("cargo-crashed.txt", "aborts", Untestable),
        ("ctest-failed.txt", "adds", Good),
        ("ctest-failed.txt", "subtracts twice", Bad),
        ("ctest-failed.txt", "hangs", Bad),
        ("ctest-failed.txt", "crashes", Bad),
        ("ctest-failed.txt", "skips", Untestable),
        ("ctest-failed.txt", "disabled", Untestable),
        ("ctest-failed.txt", "unbuilt", Untestable),
        ("ctest.xml", "disabled", Untestable),
        ("dune-short.txt", "test/good", Good),
        ("go-json.txt", "TestAdds/small", Good),
        ("go-json.txt", "example.org/calc/sub.TestAdds", Good),
        ("go-json.txt", "example.org/calc.TestAdds", Bad),
        ("go-json.txt", "TestSkipped", Untestable),
        ("go-verbose.txt", "TestSubtracts", Good),
        ("go-verbose.txt", "example.org/calc.TestAdds", Bad),
        ("go-timed-out.txt", "TestHangs", Untestable),
        ("jest-verbose.txt", "Math adds", Good),
        ("jest-verbose.txt", "Math negative subtracts", Bad),
        ("jest-verbose.txt", "Math divides", Untestable),
        ("jest-verbose.txt", "Math multiplies", Untestable),
        ("jest-verbose.txt", "./words.test.js joins (a, b) fast", Good),
        ("jest-quiet.txt", "Math negative subtracts", Bad),
        ("jest-quiet.txt", "Math adds", Untestable),
        ("jest.xml", "Math adds", Good),
        ("node.tap", "sums > adds", Good),
        ("node.tap", "sums", Bad),
        ("node.tap", "later", Untestable),
        ("node.tap", "todo", Untestable),
        ("pytest-verbose.txt", "test_calc.py::test_words[x - y]", Good),
        ("pytest-verbose.txt", "test_calc.py::test_unexpected", Good),
        ("pytest-verbose.txt", "test_calc.py::test_skipped", Untestable),
        ("pytest-verbose.txt", "test_calc.py::test_expected", Untestable),
        ("pytest-verbose.txt", "test_calc.py::test_setup", Bad),
        ("pytest-verbose.txt", "test_calc.py::test_teardown", Bad),
        ("pytest-short.txt", "test_calc.py::test_words[x - y]", Good),
        ("pytest-short.txt", "test_calc.py::test_words[[z]]", Good),
        ("pytest-short.txt", "test_calc.py::TestSums::test_subtracts", Bad),
        ("pytest-quiet.txt", "test_calc.py::test_words[a b]", Untestable),
        ("pytest-collection.txt", "test_calc.py::test_words[a b]", Untestable),
        ("pytest.xml", "test_calc.TestSums.test_adds", Good),
        ("pytest.xml", "test_words[x - y]", Good),
        ("pytest.xml", "test_calc.test_expected", Untestable),
        ("pytest.xml", "test_calc.test_teardown", Bad),
    ],
)
def test_one_test_counts(name: str, test: str, kind: type[Judgement]) -> None:
    """Only that one, whatever the others and the exit code say; skipped and absent are untestable."""
    assert type(judged(name, {"test": test}, exit_code=1)) is kind


def test_a_name_that_matches_nothing_names_the_nearest() -> None:
    """And says how the run ended."""
    judgement = judged("cargo-failed.txt", {"test": "tests::add"}, exit_code=101)
    assert judgement == Untestable(
        "there is no result of 'tests::add'; the nearest results are of 'src/lib.rs tests::adds', "
        "'tests/whole.rs adds', 'src/lib.rs tests::adds_slowly'; "
        "the test ended with exit code 101 after 1.0 s"
    )


def test_a_name_of_several_tests_is_not_judged() -> None:
    """Two packages of Go have a test of that name; the full names are shown."""
    judgement = judged("go-json.txt", {"test": "TestAdds"})
    assert isinstance(judgement, Untestable)
    assert "'example.org/calc.TestAdds', 'example.org/calc/sub.TestAdds'" in judgement.why


@pytest.mark.parametrize("ending", [Ending.TIMEOUT, Ending.SIGNALLED, Ending.MEMORY_LIMIT])
def test_a_run_that_did_not_end_by_itself(ending: Ending) -> None:
    """A result that was written counts for its test, never for all tests; a summary with a failure does."""
    early: dict[str, Any] = {"ending": ending, "exit_code": None}
    assert type(judged("pytest-passed.txt", **early)) is Untestable
    assert type(judged("pytest.xml", **early)) is Untestable
    assert type(judged("pytest-verbose.txt", **early)) is Bad
    for name, test in (("pytest-passed.txt", "test_calc.py::test_words[a b]"), ("jest.xml", "Math adds")):
        assert type(judged(name, {"test": test}, **early)) is Good


def test_tests_that_pass_do_not_excuse_the_exit_code() -> None:
    """What failed is unknown then, such as the coverage or a later command."""
    assert judged("pytest-passed.txt", exit_code=1) == Untestable(
        "4 tests passed and none failed, but the test ended with exit code 1 after 1.0 s"
    )


def test_no_file_is_untestable() -> None:
    """Also if the output has results, which then do not count."""
    judge = predicate(file="*.xml")
    run = Run(1.0, 1.0, 0.0, ending=Ending.EXITED, exit_code=0, output="1 passed in 0.1s")
    assert judge.judge(run, None) == Untestable(
        "the test wrote no file '*.xml', and the test ended with exit code 0 after 1.0 s"
    )
    assert judge.patterns == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has no <testsuite>"),
        ("<testsuites><testsuite", "unclosed token"),
        ("<other/>", "it has no <testsuite>"),
        ("<testsuite errors='1'/>", ""),
        ("<testsuite/>", ""),
        ("<testsuite errors='x'/>", ""),
    ],
)
def test_xml_without_results_is_untestable(text: str, why: str) -> None:
    """Broken, foreign and empty files, and suites that fail without a test."""
    judge = predicate(file="x.xml", format="junit")
    judgement = judge.judge(ran(judge, text), None)
    assert isinstance(judgement, Untestable) and why in judgement.why


def test_junit_xml_is_read_from_the_output_too() -> None:
    """With other lines around it; nested suites and tests without a suite count."""
    text = (
        'hello\n<?xml version="1.0" encoding="ISO-8859-1"?>\n<testsuites>\n  <testcase name="a"/><testsuite>'
        '<testsuite><testcase classname="B" name="é"/></testsuite></testsuite></testsuites>\nbye\n'
    )
    for options in ({}, {"format": "junit"}):
        judge = predicate(**options)
        assert judge.judge(ran(judge, text), None) == Good("2 tests passed and none failed")
    judge = predicate(test="B.é")
    assert judge.judge(ran(judge, text), None) == Good("'B.é' passed")


def test_several_files_count_together() -> None:
    """One failure in one of them is bad, and one that cannot be read is untestable."""
    judge = predicate(file="*.xml")
    good, bad = "<testsuite><testcase name='a'/></testsuite>", (OUTPUTS / "ctest.xml").read_text()
    run = ran(judge, "")
    for files, kind in (
        ({"1.xml": good, "2.xml": good}, Good),
        ({"1.xml": good, "2.xml": bad}, Bad),
        ({"1.xml": good, "2.xml": good[:20]}, Untestable),
    ):
        assert type(judge.judge(Run(1, 1, 0, ending=run.ending, exit_code=0, files=files), None)) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1..2\nok 1 - a\nok 2 - b # SKIP\n", Good),
        ("TAP version 12\n1..1\nok\n", Good),
        ("1..2\nok 1 - a\n", Untestable),
        ("ok 1 - a\n", Untestable),
        ("1..1\nok 1 # SKIP all\n", Untestable),
        ("1..0 # SKIP no network\n", Untestable),
        ("1..2\nok 1\nBail out! no database\n", Untestable),
        ("1..2\nok 1\nok 2\nBail out!\n", Untestable),
        ("1..2\nok 1\nnot ok 2 # TODO later\n", Good),
        ("1..2\nok 1\nnot ok 2 - b\n", Bad),
    ],
)
def test_tap(text: str, kind: type[Judgement]) -> None:
    """The plan must be kept; skipped tests do not pass."""
    for options in ({}, {"format": "tap"}):
        judge = predicate(**options)
        assert type(judge.judge(ran(judge, text), None)) is kind


@pytest.mark.parametrize(
    ("text", "test", "kind"),
    [
        ("FAIL: a\nok: b\n", "a", Bad),
        ("FAIL: a\nok: b\n", "b", Good),
        ("FAIL: a\nok: b\n", "c", Untestable),
        ("SKIP: a.sh\n", "a.sh", Untestable),
        ("XPASS: a.sh\n", "a.sh", Bad),
        ("FAIL: test_a (module.Case)\nFAIL: cannot open it\n", "test_a", Untestable),
        ("FAIL: a\nPASS: b\n", None, Untestable),
        ("FAIL: a\nPASS: b\n# TOTAL: 2\n", None, Bad),
        ("SKIP: a\nPASS: b\n# TOTAL: 2\n", None, Good),
        ("1..1\nok 1 - b\nFAIL: b\n", "b", Good),
    ],
)
def test_plain_lines(text: str, test: str | None, kind: type[Judgement]) -> None:
    """A name is one word; only a summary shows that all tests ran; another runner's results count before."""
    judge = predicate(test=test)
    assert type(judge.judge(ran(judge, text), None)) is kind


def test_results_of_two_runners_are_not_mixed() -> None:
    """The hunt file has to say which of them counts."""
    text = (OUTPUTS / "cargo-passed.txt").read_text() + (OUTPUTS / "pytest-verbose.txt").read_text()
    judge = predicate()
    judgement = judge.judge(ran(judge, text), None)
    assert isinstance(judgement, Untestable) and "those of pytest and of cargo; name one" in judgement.why
    judge = predicate(format="cargo")
    assert type(judge.judge(ran(judge, text), None)) is Good


def test_more_lines_than_are_kept_are_not_judged() -> None:
    """Some of them may be missing."""
    judge = predicate(format="tap")
    kept = {judge.patterns[0]: [Match(0.0, "ok 1")] * (MOST + 1)}
    judgement = judge.judge(Run(1, 1, 0, ending=Ending.EXITED, exit_code=0, matches=kept), None)
    assert isinstance(judgement, Untestable) and "let it write them to a file" in judgement.why


SUMMED_UP = [file for file in sorted(OUTPUTS.glob("*.txt")) if not file.name.startswith("dune")]
"""Outputs with a summary; dune has only its exit code."""
SUMMARY = re.compile(
    r"^(?:.* in [\d.]+s =*|test result: .*|(?:ok|FAIL)\s.*|\{.*\}|.*out of \d+|Test Successful.*|Tests: .*)$",
    re.MULTILINE,
)
"""The first line with which a runner says that it, or one target or package, has come to its end."""


@settings(deadline=None)
@given(file=st.sampled_from(SUMMED_UP), share=st.floats(0, 1))
def test_an_output_that_breaks_off_is_never_good(file: Path, share: float) -> None:
    """However much of it was printed: good needs a summary, which is at the end."""
    text = file.read_text(encoding="utf-8")
    summary = SUMMARY.search(text)
    until = summary.start() if summary else len(text)
    judge = predicate()
    assert not isinstance(judge.judge(ran(judge, text[: int(share * until)]), None), Good)


LINES = [line for file in sorted(OUTPUTS.iterdir()) for line in file.read_text("utf-8").splitlines()]


@settings(deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=30),
    name=st.sampled_from(["auto", "junit", *LINE_FORMATS]),
    file=st.sampled_from([None, "f"]),
    test=st.none() | st.just("adds"),
)
def test_any_lines_are_judged_in_one_sentence(
    lines: list[str], name: str, file: str | None, test: str | None
) -> None:
    """Lines of any runners in any order raise nothing, and good needs a test that passed."""
    judge = predicate(format=name, file=file, test=test)
    judgement = judge.judge(ran(judge, "\n".join(lines)), None)
    assert judgement.why == judgement.why.strip().rstrip(".") != "" and "\n" not in judgement.why
    if isinstance(judgement, Good):
        assert re.match(r"[1-9]\d* tests? passed and none failed|'.*adds' passed", judgement.why)


def test_the_lines_of_a_file_are_those_of_the_output() -> None:
    """A file of any format is read as if it was printed."""
    text = (OUTPUTS / "go-verbose.txt").read_text()
    judge = predicate(format="go")
    (kept,) = lines_in(text, "go").values()
    assert kept == [match.text for match in ran(judge, text).matches[judge.patterns[0]]]


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("a.xml", {"a.xml"}),
        ("./out/../a.xml", {"a.xml"}),
        ("*.xml", {"a.xml"}),
        ("**/*.xml", {"a.xml", "out/b.xml", "out/deep/c.xml"}),
        ("out/**/*.xml", {"out/b.xml", "out/deep/c.xml"}),
        ("out/[bc].xml", {"out/b.xml"}),
        ("../*.xml", {"../d.xml"}),
        ("none", set()),
    ],
)
def test_a_predicate_reads_its_own_files_alone(tmp_path: Path, glob: str, found: set[str]) -> None:
    """In a combination the run has the files of all parts; the rule is that of the files that are read."""
    texts = {"a.xml": "", "out/b.xml": "", "out/deep/c.xml": "", "../d.xml": "", "out/e.txt": ""}
    run = Run(1, 1, 0, files=texts)
    assert set(files_of(run, glob)) == found
    written = WrittenFiles(tmp_path, "sub", (glob,))
    for name in texts:
        file = tmp_path / "sub" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert set(written.read()) == found


def test_parts_of_a_combination_have_files_of_their_own() -> None:
    """A failure in the file of one part is not one of the other."""
    parts = [{"name": "tests", "file": "a.xml"}, {"name": "tests", "file": "b.xml"}]
    either = AnyOf(AnyOf.Options.model_validate({"of": parts}, context=options_context(Path())))
    assert either.files == ("a.xml", "b.xml")
    good, bad = "<testsuite><testcase name='a'/></testsuite>", (OUTPUTS / "ctest.xml").read_text()
    run = Run(1, 1, 0, ending=Ending.EXITED, exit_code=0, files={"a.xml": bad, "b.xml": good})
    assert either.judge(run, None) == Good("1 test passed and none failed")
