"""JSON of hyperfine, pytest-benchmark, Google Benchmark, Criterion, asv and JMH, as far as it is read.

Each reader returns the benchmarks of a document, or raises ValueError if the document is not of its tool.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, TypeAdapter

from .results import Benchmark, Statistic, benchmark, of_samples


class _Estimates(BaseModel):
    """Three statistics."""

    mean: float
    median: float
    min: float

    @property
    def figures(self) -> dict[Statistic, object]:
        return {"median": self.median, "mean": self.mean, "min": self.min}


class _Command(_Estimates):
    command: str
    exit_codes: list[int | None] = []


class _Hyperfine(BaseModel):
    results: list[_Command]


def hyperfine(document: JsonValue, _path: str) -> list[Benchmark]:
    """`hyperfine --export-json`: https://github.com/sharkdp/hyperfine. Seconds; named by the command.

    A command that failed in a run (with `--ignore-failure`) has no figure: it may have ended before its work.
    """
    return [
        benchmark(one.command, {} if any(code != 0 for code in one.exit_codes) else one.figures)
        for one in _Hyperfine.model_validate(document).results
    ]


class _Fixture(BaseModel):
    name: str
    fullname: str
    stats: _Estimates


class _PytestBenchmark(BaseModel):
    machine_info: dict[str, Any]
    benchmarks: list[_Fixture]


def pytest_benchmark(document: JsonValue, _path: str) -> list[Benchmark]:
    """`pytest --benchmark-json`: https://pytest-benchmark.readthedocs.io. Seconds; named by the test."""
    found = _PytestBenchmark.model_validate(document).benchmarks
    return [benchmark(one.fullname, one.stats.figures, short=one.name) for one in found]


class _GoogleRun(BaseModel):
    name: str
    run_name: str = ""
    run_type: str = "iteration"
    aggregate_name: str = ""
    real_time: float | None = None
    time_unit: str = "ns"
    error_occurred: bool = False


class _Google(BaseModel):
    context: dict[str, Any]
    benchmarks: list[_GoogleRun]


def google(document: JsonValue, _path: str) -> list[Benchmark]:
    """`--benchmark_format=json` or `--benchmark_out`: https://google.github.io/benchmark/user_guide.html.

    Real time. Repetitions of a benchmark are its samples; with aggregates alone there is no minimum. One that
    skipped with an error has no figure.
    """
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    aggregates: dict[tuple[str, str], dict[Statistic, object]] = defaultdict(dict)
    failed = set[str]()
    for run in _Google.model_validate(document).benchmarks:
        key = (run.run_name or run.name, run.time_unit)
        if run.error_occurred:
            failed.add(key[0])
        elif run.run_type == "iteration" and run.real_time is not None:
            samples[key].append(run.real_time)
        elif run.aggregate_name == "median":
            aggregates[key]["median"] = run.real_time
        elif run.aggregate_name == "mean":
            aggregates[key]["mean"] = run.real_time
    return [
        benchmark(
            name, {} if name in failed else of_samples(samples[name, unit]) or aggregates[name, unit], unit
        )
        for name, unit in dict.fromkeys([*samples, *aggregates])
    ]


class _Point(BaseModel):
    point_estimate: float


class _Criterion(BaseModel):
    mean: _Point
    median: _Point


def criterion(document: JsonValue, path: str) -> list[Benchmark]:
    """`target/criterion/NAME/new/estimates.json`: https://bheisler.github.io/criterion.rs/book.

    Nanoseconds, without a minimum. The name is the path; `base` (an earlier run) and `change` do not count.
    """
    found = _Criterion.model_validate(document)
    inside = path.rpartition("criterion/")[2]
    name, new, _ = inside.rpartition("/new/estimates.json")
    figures: dict[Statistic, object] = {
        "median": found.median.point_estimate,
        "mean": found.mean.point_estimate,
    }
    return [benchmark(name, figures, "ns")] if new else []


class _Interval(BaseModel):
    estimate: float
    unit: str


class _Message(BaseModel):
    reason: Literal["benchmark-complete"]
    id: str
    iteration_count: list[float] = []
    measured_values: list[float] = []
    mean: _Interval
    median: _Interval


def cargo_criterion(document: JsonValue, _path: str) -> list[Benchmark]:
    """A line of `cargo criterion --message-format=json`: https://bheisler.github.io/criterion.rs/book.

    Named by its `id`; the minimum is that of the samples, each divided by its iterations.
    """
    one = _Message.model_validate(document)
    pairs = zip(one.measured_values, one.iteration_count, strict=False)
    samples = [value / count for value, count in pairs if count > 0]
    figures: dict[Statistic, object] = {"median": one.median.estimate, "mean": one.mean.estimate}
    return [benchmark(one.id, figures | ({"min": min(samples)} if samples else {}), one.median.unit)]


class _Asv(BaseModel):
    result_columns: list[str]
    results: dict[str, list[JsonValue] | None]


def asv(document: JsonValue, _path: str) -> list[Benchmark]:
    """A results file of asv: https://asv.readthedocs.io/en/stable/dev.html, `asv/results.py`.

    The `result` of a timing is its median, in seconds; the file does not say the unit of the others. A
    benchmark with parameters is several, each named as in `asv compare`: `time_sum(10)`.
    """
    found = _Asv.model_validate(document)
    benchmarks = []
    for name, row in found.results.items():
        columns = dict(zip(found.result_columns, row or [], strict=False))
        results, params = columns.get("result"), columns.get("params")
        lists = [one for one in params if isinstance(one, list)] if isinstance(params, list) else []
        combined = (f"{name}({', '.join(map(str, one))})" for one in itertools.product(*lists))
        unit = "s" if name.rpartition(".")[2].startswith("time") else ""
        benchmarks += [
            benchmark(one, {"median": result}, unit)
            for result, one in zip(
                results if isinstance(results, list) else [], combined if lists else [name], strict=False
            )
        ]
    return benchmarks


class _Metric(BaseModel):
    score: float
    unit: str = Field(alias="scoreUnit")
    percentiles: dict[str, float] = Field({}, alias="scorePercentiles")


class _Jmh(BaseModel):
    benchmark: str
    mode: str
    params: dict[str, str] | None = None
    primary: _Metric = Field(alias="primaryMetric")


_JMH = TypeAdapter(list[_Jmh])


def jmh(document: JsonValue, _path: str) -> list[Benchmark]:
    """`-rf json` of JMH: https://github.com/openjdk/jmh, `JSONResultFormat.java`.

    Named by the method and its parameters, `pkg.Class.method:n=10`. In the mode `thrpt`, more is better.
    """
    benchmarks = []
    for one in _JMH.validate_python(document):
        metric, rate = one.primary, one.mode == "thrpt"
        figures: dict[Statistic, object] = {
            "median": metric.percentiles.get("50.0"),
            "mean": metric.score,
            "min": metric.percentiles.get("100.0" if rate else "0.0"),
        }
        params = ",".join(f"{key}={value}" for key, value in sorted((one.params or {}).items()))
        name = f"{one.benchmark}:{params}" if params else one.benchmark
        benchmarks.append(benchmark(name, figures, metric.unit, rate=rate))
    return benchmarks
