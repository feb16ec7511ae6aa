"""`benchmark` compares what real tools wrote (`outputs/benchmarks`)."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from bisector.predicates.benchmark import BenchmarkOptions, BenchmarkRatio
from bisector.predicates.benchmark_formats.registry import read_benchmarks
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.errors import HuntFileError
from bisector.hunt.ground import predicate_of
from bisector.hunt_file import load
from bisector.predicate import Ending, Judgement, Match, Measured, Run, Untestable
from bisector.probe import test as probe_test
from tests.hunt_file.writing import written
from tests.probe.building import site

OUTPUTS = Path(__file__).with_name("outputs") / "benchmarks"
PLACES = {"criterion.json": "target/criterion/fib/20/new/estimates.json"}
"""Where a file was that is named by its path."""


def text_of(name: str) -> str:
    return (OUTPUTS / name).read_text(encoding="utf-8")


def ran(judge: BenchmarkRatio, text: str, path: str = "x.json", **ended: Any) -> Run:
    """A run that printed this text, or wrote it to a file if the predicate names one."""
    how: dict[str, Any] = {"ending": Ending.EXITED, "exit_code": 0, **ended}
    matches = {
        pattern: tuple(Match(0.0, line) for line in text.splitlines() if re.search(pattern, line))
        for pattern in judge.patterns
    }
    written = {"files": {path: text}} if judge.files else {"output": text}
    return Run(1.0, 1.0, 0.0, matches=matches, **written, **how)


def predicate(**options: Any) -> BenchmarkRatio:
    return BenchmarkRatio(BenchmarkOptions(**options))


def compared(ours: str, theirs: str, **options: Any) -> Judgement:
    judge = predicate(**options)
    return judge.judge(ran(judge, ours), ran(judge, theirs))


NAMES = {
    "asv.json": ["b.Sums.time_fails(10)", "b.Sums.time_sum(10)", "b.Sums.time_sum(1000)", "b.mem_list"],
    "cargo-criterion.jsonl": ["fib/20"],
    "criterion.json": ["fib/20"],
    "go.txt": ["BenchmarkAdd-2", "BenchmarkSize/n=8-2"],
    "google.json": ["BM_Sum/64/min_time:0.010", "BM_Sum/4096/min_time:0.010"],
    "google-aggregates.json": ["BM_Sum/64/min_time:0.010", "BM_Sum/4096/min_time:0.010"],
    "google-repeated.json": ["BM_Sum/64/min_time:0.010", "BM_Sum/4096/min_time:0.010"],
    "hyperfine.json": ["sleep 0.01", "sleep 0.02"],
    "hyperfine-failed.json": ["true"],
    "jmh.json": ["org.example.Sums.sum:n=1000", "org.example.Sums.parse"],
    "pytest-benchmark.json": ["test_b.py::test_sort", "test_b.py::test_sum[10]", "test_b.py::test_sum[100]"],
}
FORMATS = {"jmh.json": "jmh", "go.txt": "go", "cargo-criterion.jsonl": "cargo-criterion"}


@pytest.mark.parametrize("name", sorted(file.name for file in OUTPUTS.iterdir()))
def test_every_tool_is_recognized(name: str) -> None:
    """With the names of the benchmarks that have a figure; those that failed have none."""
    where = PLACES.get(name, name)
    found = read_benchmarks("auto", text_of(name), where)
    usable = [one.name for one in found if one.figures]
    assert usable[: len(NAMES[name])] == NAMES[name]
    named: Any = FORMATS.get(name, re.split(r"-(?!b)|\.", name)[0])
    assert read_benchmarks(named, text_of(name), where) == found


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"criterion.json"}))
def test_a_run_beside_itself_has_ratio_one(name: str) -> None:
    """Printed or in a file; JSON also with other lines around it."""
    text = text_of(name)
    assert isinstance(judgement := compared(text, text, file="x.json"), Measured)
    assert judgement.value == pytest.approx(1)
    assert compared(text, f"hello\n{text}\nbye\n") == judgement


def scaled(name: str, factor: float, only: str = "") -> str:
    """The hyperfine or JMH text with figures multiplied, of one benchmark or of all."""
    document = json.loads(text_of(name))
    for one in document["results"]:
        if only in one["command"]:
            for key in ("mean", "median", "min"):
                one[key] *= factor
    return json.dumps(document)


def test_one_benchmark_is_compared_by_its_median() -> None:
    """With both figures in the sentence."""
    judgement = compared(scaled("hyperfine.json", 2), text_of("hyperfine.json"), benchmark="sleep 0.01")
    assert isinstance(judgement, Measured) and judgement.value == pytest.approx(2)
    assert judgement.why == "'sleep 0.01' with a median of 25.58 ms, 2.00x the reference's 12.79 ms"


def test_all_benchmarks_are_compared_by_their_geometric_mean() -> None:
    """One that is four times slower among two is twice in all; the sentence has their number."""
    judgement = compared(scaled("hyperfine.json", 4, "0.02"), text_of("hyperfine.json"))
    assert isinstance(judgement, Measured) and judgement.value == pytest.approx(2)
    assert judgement.why == (
        "2.00x the reference, geometric mean over the median of 2 benchmarks; "
        "the worst is 'sleep 0.02', 4.00x"
    )


def test_a_benchmark_of_one_run_alone_is_named() -> None:
    """It does not count, on whichever side it is."""
    both, one = json.loads(text_of("hyperfine.json")), json.loads(text_of("hyperfine.json"))
    one["results"][1]["command"] = "sleep 0.03"
    judgement = compared(json.dumps(one), json.dumps(both))
    assert isinstance(judgement, Measured) and judgement.value == pytest.approx(1)
    assert judgement.why.endswith(
        "; missing in the reference's run: 'sleep 0.03'; missing in this run: 'sleep 0.02'"
    )
    one["results"] = one["results"][1:]
    assert compared(json.dumps(one), json.dumps(both)) == Untestable(
        "the two runs have no benchmark in common; missing in the reference's run: 'sleep 0.03'; "
        "missing in this run: 'sleep 0.01', 'sleep 0.02'"
    )


def test_a_rate_counts_as_its_inverse() -> None:
    """Half the operations per second is twice as slow; so is the unit that a commit changes."""
    slower = text_of("jmh.json").replace('"ops/ms"', '"ops/s"')
    for factor, text in ((1000, slower), (1 / 1000, text_of("jmh.json"))):
        theirs = text_of("jmh.json") if factor > 1 else slower
        judgement = compared(text, theirs, benchmark="org.example.Sums.parse")
        assert isinstance(judgement, Measured) and judgement.value == pytest.approx(factor)
    same = text_of("jmh.json").replace("us/op", "ms/op").replace("250.0", "0.25").replace("240.0", "0.24")
    judgement = compared(same, text_of("jmh.json"), benchmark="org.example.Sums.sum:n=1000")
    assert isinstance(judgement, Measured) and judgement.value == pytest.approx(1)


def test_another_mode_is_another_benchmark() -> None:
    """A time and a rate cannot be compared."""
    other = text_of("jmh.json").replace('"thrpt"', '"avgt"').replace("ops/ms", "ms/op")
    judgement = compared(other, text_of("jmh.json"), benchmark="org.example.Sums.parse")
    assert isinstance(judgement, Untestable) and "no benchmark in common" in judgement.why


@pytest.mark.parametrize(
    ("name", "statistic", "value"),
    [
        ("go.txt", "median", 0.6660e-9),
        ("go.txt", "mean", (0.7565 + 0.6660 + 0.4105) / 3 * 1e-9),
        ("go.txt", "min", 0.4105e-9),
        ("jmh.json", "min", 240e-6),
        ("cargo-criterion.jsonl", "min", 1150e-9),
        ("cargo-criterion.jsonl", "mean", 1190e-9),
        ("asv.json", "median", 1.3019998732488602e-06),
    ],
)
def test_statistics(name: str, statistic: Any, value: float) -> None:
    """In seconds, of the first benchmark."""
    assert read_benchmarks("auto", text_of(name))[0].figures[statistic] == pytest.approx(value)


@pytest.mark.parametrize("name", ["criterion.json", "asv.json", "google-aggregates.json"])
def test_a_statistic_that_the_format_has_not(name: str) -> None:
    """It is untestable, not replaced by another."""
    judge = predicate(statistic="min", file="**/*")
    run = ran(judge, text_of(name), PLACES.get(name, name))
    judgement = judge.judge(run, run)
    assert isinstance(judgement, Untestable)
    assert judgement.why.startswith("in the reference's run there is no min of ")


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        (
            "hyperfine.json",
            {"benchmark": "sleep 0.1"},
            "there is no benchmark 'sleep 0.1'; the nearest are 'sleep 0",
        ),
        ("hyperfine-failed.json", {"benchmark": "false"}, "there is no figure of 'false'"),
        (
            "asv.json",
            {"benchmark": "b.Sums.time_fails(1000)"},
            "there is no figure of 'b.Sums.time_fails(1000)'",
        ),
        ("google.json", {"format": "jmh"}, "'x.json' has no results of jmh"),
    ],
)
def test_no_figure_is_untestable(name: str, options: dict[str, Any], why: str) -> None:
    """With the names that there are, in either run."""
    judge = predicate(file="x.json", **options)
    good = ran(judge, text_of(name))
    judgement = judge.judge(good, good)
    assert isinstance(judgement, Untestable) and judgement.why.startswith(f"in the reference's run {why}")
    judgement = judge.judge(good, None)
    assert isinstance(judgement, Untestable) and judgement.why.startswith(why)


def test_runs_that_cannot_be_compared() -> None:
    """Ended by a limit, failed where the reference succeeded, without a file."""
    judge, text = predicate(file="*.json"), text_of("hyperfine.json")
    good = ran(judge, text)
    for run, why in (
        (ran(judge, text, ending=Ending.TIMEOUT, exit_code=None), "the test did not finish within 1 s"),
        (ran(judge, text, exit_code=3), "the test failed (exit 3), while the reference's run succeeded"),
        (Run(1, 1, 0, ending=Ending.EXITED, exit_code=0), "the test wrote no file '*.json'"),
        (ran(judge, text[:500]), "'x.json' has no results of a benchmark"),
    ):
        judgement = judge.judge(run, good)
        assert isinstance(judgement, Untestable) and judgement.why.startswith(why)
    failing = ran(judge, text, exit_code=3)
    assert isinstance(judge.judge(failing, failing), Measured)


def test_files_of_criterion() -> None:
    """Each is a benchmark by its path; earlier runs and changes are none."""
    judge = predicate(file="target/criterion/**/estimates.json")
    text = text_of("criterion.json")
    files = {
        f"target/criterion/{name}/estimates.json": text for name in ("a/new", "b/1/new", "a/base", "a/change")
    }
    run = Run(1, 1, 0, ending=Ending.EXITED, exit_code=0, files=files)
    judgement = judge.judge(run, run)
    assert isinstance(judgement, Measured) and "of 2 benchmarks" in judgement.why


def test_a_name_that_two_benchmarks_have() -> None:
    """They are not mixed: within a file, across files, and by the short name."""
    text = text_of("hyperfine.json").replace("sleep 0.02", "sleep 0.01")
    judgement = compared(text, text)
    assert isinstance(judgement, Untestable) and "has two benchmarks called 'sleep 0.01'" in judgement.why
    judge = predicate(file="*.json")
    files = {name: text_of("hyperfine.json") for name in ("a.json", "b.json")}
    run = Run(1, 1, 0, ending=Ending.EXITED, exit_code=0, files=files)
    assert "two files have a benchmark called 'sleep 0.01'" in judge.judge(run, run).why
    text = text_of("pytest-benchmark.json")
    assert isinstance(compared(text, text, benchmark="test_sort"), Measured)
    text = text.replace('"name": "test_sum[10]"', '"name": "test_sort"')
    assert "the name of several benchmarks" in compared(text, text, benchmark="test_sort").why


NUMBERS = st.floats(allow_nan=True) | st.integers() | st.none() | st.text(max_size=3)


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(NAMES)),
    at=st.integers(0, 500),
    value=NUMBERS | st.lists(NUMBERS, max_size=2) | st.dictionaries(st.text(max_size=3), NUMBERS, max_size=2),
    cut=st.integers(0, 3000),
)
def test_any_document_is_measured_or_untestable(name: str, at: int, value: object, cut: int) -> None:
    """Damage to a file raises nothing, and never becomes a ratio that is not positive and finite."""
    text = text_of(name)
    numbers = list(re.finditer(r"(?<=[\s:\[,])-?\d[\d.e+-]*", text))
    spot = numbers[at % len(numbers)]
    damaged = text[: spot.start()] + json.dumps(value) + text[spot.end() :]
    judge = predicate(file="**/*")
    for one in (damaged, text[:cut]):
        judgement = judge.judge(
            ran(judge, one, PLACES.get(name, name)), ran(judge, text, PLACES.get(name, name))
        )
        assert isinstance(judgement, Measured | Untestable) and "\n" not in judgement.why
        assert "wrote no file" not in judgement.why
        assert not isinstance(judgement, Measured) or 0 < judgement.value < math.inf


@settings(deadline=None)
@given(factor=st.floats(1e-6, 1e6))
def test_the_ratio_is_that_of_the_figures(factor: float) -> None:
    """And the inverse with the runs exchanged."""
    ours, theirs = scaled("hyperfine.json", factor), text_of("hyperfine.json")
    there, back = compared(ours, theirs), compared(theirs, ours)
    assert isinstance(there, Measured) and isinstance(back, Measured)
    assert there.value == pytest.approx(factor) and back.value == pytest.approx(1 / factor)


def test_the_files_of_two_commits_are_compared(tmp_path: Path) -> None:
    """Each run's own: a report that the commit brings along is no figure of its run."""
    report = {"report": text_of("hyperfine.json"), "script": "cp report bench.json"}
    slower = {"report": scaled("hyperfine.json", 3)}
    stale = {"script": "true", "bench.json": text_of("hyperfine.json")}
    here = site(tmp_path, [report, slower, stale], test__command="sh script")
    judge = predicate(file="*.json")

    def run_of(commit: str) -> Run:
        here.worktree.checkout(commit)
        return probe_test.Tests(here.setup, judge.patterns, judge.files).run(here.worktree, commit, "log").run

    good, bad, old = map(run_of, here.commits)
    judgement = judge.judge(bad, good)
    assert isinstance(judgement, Measured) and judgement.value == pytest.approx(3)
    judgement = judge.judge(old, good)
    assert isinstance(judgement, Untestable) and "wrote no file '*.json'" in judgement.why


@pytest.mark.parametrize("name", ["tests", "benchmark"])
def test_a_file_out_of_the_repository_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    """When the hunt file is read, at the key that names it."""
    text = f"good: v1\ntest: {{command: x}}\npredicate:\n  name: {name}\n  file: ../x.json\n"
    path = written(tmp_path, text)
    where = r"x\.yaml:5: predicate\.file: '\.\./x\.json' leads out of the repository; let the test write"
    with pytest.raises(HuntFileError, match=where):
        predicate_of(load(path), path)
