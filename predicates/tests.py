"""The results of tests, as their runner writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field, field_validator

from bisector.predicate import Bad, Ending, Good, Judgement, Options, Predicate, Run, Untestable

from .nearest import nearest
from .outcomes import how_it_ended
from .test_formats.registry import Format, lines_in, patterns_of, read_lines, read_xml
from .test_formats.results import Case, Outcome, Report
from .written import files_of

_NAMED = 3
"""Failed tests that a sentence names."""


class TestsOptions(Options):
    """Options of `tests`."""

    __test__ = False  # Not a test of pytest.

    format: Format = Field("auto", description="What the runner writes. By default bisector recognizes it.")
    file: str | None = Field(
        None,
        description="File that the runner writes, or a glob of several, relative to the folder in which the "
        "test runs. By default the output is read.",
    )
    test: str | None = Field(None, description="Full name of one test. By default, all tests count.")

    @field_validator("file", "test")
    @classmethod
    def _is_written(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("is empty; write a name, or remove the key")
        return text


class Tests(Predicate[TestsOptions]):
    """Good if the tests pass, bad if one fails, by what their runner prints or writes to a file.

    Reads JUnit XML, TAP, and the output of pytest, `cargo test`, `go test -v` (also with `-json`),
    `dune runtest`, Alcotest, Jest and ctest, and lines such as `PASS: adds` and `ok: adds`. With `test`, only
    that test counts, and it counts as soon as its result is written, whatever happens later. If it is skipped
    or absent, the commit is untestable.

    Without `test`, all tests must pass, at least one, and the run must end with exit code 0. A run without a
    readable result, such as a crash or a failed build, is untestable. So is one that ends before its summary.

    A failure counts whatever its reason, also a deadline of the runner that passed because the machine was
    busy. Raise such deadlines for the hunt.
    """

    __test__ = False
    name = "tests"
    target = "test"
    Options = TestsOptions

    @property
    def patterns(self) -> tuple[str, ...]:
        """The lines of the runner."""
        return () if self.options.file else patterns_of(self.options.format)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the runner."""
        return (self.options.file,) if self.options.file else ()

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """Judge by the results, which a run may have written before it ended early."""
        try:
            report = self._report(run)
        except ValueError as error:
            return Untestable(_clause(f"{error}, and the test {how_it_ended(run)}"))
        if self.options.test is not None:
            return _of_one(self.options.test, report, run)
        return _of_all(report, run, in_file=bool(self.options.file))

    def outcomes(self, run: Run, baseline: Run | None) -> Mapping[str, Judgement]:
        """Of each test by its full name: failed, skipped or passed."""
        found: dict[str, list[Case]] = {}
        for case in self._report(run).cases:
            found.setdefault(case.full, []).append(case)
        return {name: _of_cases(name, cases) for name, cases in found.items()}

    def _report(self, run: Run) -> Report:
        """All results; raises ValueError, whose text is a clause, if there are none to read."""
        options = self.options
        if options.file is None:
            return self._in_output(run)
        files = files_of(run, options.file)
        if not files:
            raise ValueError(f"the test wrote no file {options.file!r}")
        reports = []
        for name, text in files.items():
            try:
                reports.append(self._in_file(text))
            except ValueError as error:
                raise ValueError(f"{name!r} cannot be read ({error})") from error
        return _together(reports)

    def _in_output(self, run: Run) -> Report:
        name = self.options.format
        kept = {key: [match.text for match in found] for key, found in run.matches.items()}
        if name == "junit":
            return _of_xml(run.output, "the output")
        try:
            return read_lines(name, kept)
        except ValueError:
            if name != "auto" or (report := read_xml(run.output)) is None:
                raise
            return report

    def _in_file(self, text: str) -> Report:
        name = self.options.format
        is_xml = text.lstrip("\ufeff \t\r\n").startswith("<")
        if name == "junit" or (name == "auto" and is_xml):
            return _of_xml(text, "it")
        return read_lines(name, lines_in(text, name))


def _of_xml(text: str, what: str) -> Report:
    if (report := read_xml(text)) is None:
        raise ValueError(f"{what} has no <testsuite>")
    return report


def _of_one(test: str, report: Report, run: Run) -> Judgement:
    found = [case for case in report.cases if case.full == test]
    found = found or [case for case in report.cases if case.name == test]
    if not found:
        return Untestable(_absent(test, report, run))
    if len({case.suite for case in found}) > 1:
        names = ", ".join(dict.fromkeys(repr(case.full) for case in found))
        return Untestable(_clause(f"{test!r} is the name of several tests: {names}"))
    return _of_cases(test, found)


def _of_cases(test: str, cases: Sequence[Case]) -> Judgement:
    """The judgement of one test by all its results."""
    outcomes = [case.outcome for case in cases]
    for outcome in (Outcome.FAILED, Outcome.SKIPPED):
        if outcome in outcomes:
            why = _clause(f"{test!r} {outcome.value}")
            return Bad(why) if outcome is Outcome.FAILED else Untestable(why)
    return Good(_clause(f"{test!r} passed"))


def _absent(test: str, report: Report, run: Run) -> str:
    there = nearest(test, [case.full for case in report.cases])
    named = f"the nearest results are of {there}" if there else "the runner named no test"
    broken = f"; {report.broken[0]}" if report.broken else ""
    return _clause(f"there is no result of {test!r}; {named}{broken}; the test {how_it_ended(run)}")


def _of_all(report: Report, run: Run, *, in_file: bool) -> Judgement:
    ended = f"the test {how_it_ended(run)}"
    if not report.finished or (in_file and run.ending is not Ending.EXITED):
        why = report.broken[0] if report.broken else "the results have no summary at their end"
        return Untestable(_clause(f"{why}, and {ended}"))
    known = list(dict.fromkeys(case.full for case in report.cases if case.outcome is Outcome.FAILED))
    if report.failed > 0:
        return Bad(_failed(report, known))
    if known:
        return Untestable(_clause(f"{known[0]!r} failed, but the summary has no failed test"))
    if report.broken:
        return Untestable(_clause(f"{report.broken[0]}, and {ended}"))
    if report.passed == 0:
        return Untestable(_clause(f"no test passed and none failed, and {ended}"))
    passed = "1 test passed" if report.passed == 1 else f"{report.passed} tests passed"
    if run.ending is not Ending.EXITED or run.exit_code != 0:
        return Untestable(_clause(f"{passed} and none failed, but {ended}"))
    return Good(f"{passed} and none failed")


def _failed(report: Report, names: Sequence[str]) -> str:
    """How many failed, and the first of them."""
    shown = ", ".join(repr(name) for name in names[:_NAMED])
    more = f" and {report.failed - _NAMED} more" if len(names) >= _NAMED < report.failed else ""
    number = "1 test failed" if report.failed == 1 else f"{report.failed} tests failed"
    return _clause(f"{number}: {shown}{more}" if shown else number)


def _together(reports: Sequence[Report]) -> Report:
    cases: list[Case] = [case for report in reports for case in report.cases]
    return Report(
        cases,
        passed=sum(report.passed for report in reports),
        failed=sum(report.failed for report in reports),
        finished=all(report.finished for report in reports),
        broken=[broken for report in reports for broken in report.broken],
    )


def _clause(text: str) -> str:
    """The text as part of one sentence: in one line, without a full stop at its end."""
    return " ".join(text.split()).rstrip(".")
