"""The figures of benchmarks, as their tool writes them, compared with the good endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field, field_validator

from bisector.predicate import Bad, Ending, Good, Judgement, Measured, Run, Untestable

from .benchmark_formats.comparison import compared, cost, geometric_mean, listed, statistic_of
from .benchmark_formats.registry import GO_LINE, Format, read_benchmarks, read_go
from .benchmark_formats.results import Benchmark, Statistic
from .figures import PrintedOptions, RatioPredicate
from .nearest import nearest
from .outcomes import how_it_ended
from .written import files_of


class BenchmarkOptions(PrintedOptions):
    """Options of `benchmark`."""

    format: Format = Field("auto", description="What the tool writes. By default bisector recognizes it.")
    file: str | None = Field(
        None,
        description="File that the tool writes, or a glob of several, relative to the folder in which the "
        "test runs. By default the output is read.",
    )
    benchmark: str | None = Field(
        None,
        description="Name of one benchmark. By default, the geometric mean over all benchmarks that both "
        "runs have.",
    )
    statistic: Statistic | None = Field(
        None,
        description="Statistic to compare. By default the median where the format has it, else the mean.",
    )

    @field_validator("file", "benchmark")
    @classmethod
    def _is_written(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("is empty; write a name, or remove the key")
        return text


class BenchmarkRatio(RatioPredicate[BenchmarkOptions]):
    """The figures that a benchmark tool wrote, of one benchmark or of all.

    Reads JSON of hyperfine, pytest-benchmark, Google Benchmark, Criterion, cargo-criterion, asv and JMH, and
    the output of `go test -bench`. A rate, such as operations per second, counts as its inverse.

    A run without a figure is untestable. So is one that fails where the good endpoint's succeeds, and one
    that runs into the timeout. A benchmark that only one of the two runs has does not count, and is named.
    """

    name = "benchmark"
    is_printed = True
    target = "benchmark"
    Options = BenchmarkOptions
    by_wall_clock = True
    missing = "has no figure of a benchmark"

    @property
    def patterns(self) -> tuple[str, ...]:
        """The lines of Go."""
        return (GO_LINE,) if not self.options.file and self.options.format in ("auto", "go") else ()

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the tool."""
        return (self.options.file,) if self.options.file else ()

    def outcomes(self, run: Run, baseline: Run | None) -> Mapping[str, Judgement]:
        """Of each benchmark by its name: bad if it takes at least `ratio` times as long."""
        found: dict[str, Judgement] = {}
        for one in self._read(run):
            alone = self.options.model_copy(update={"benchmark": one.name})
            judged = BenchmarkRatio(alone).judge(run, baseline)
            if isinstance(judged, Measured):
                judged = (Bad if judged.value >= self.options.ratio else Good)(judged.why)
            found[one.name] = judged
        return found

    def figure(self, run: Run) -> float | None:
        """The geometric mean of all that count; `judge` compares those that both runs have."""
        statistic = self.options.statistic
        try:
            counted = self._counted(run)
        except ValueError:
            return None
        return geometric_mean(
            [cost(one, found) for one in counted if (found := statistic_of(statistic, one))]
        )

    def say(self, figure: float) -> str:
        """No figure, since benchmarks may have different units; `judge` says those that it compares."""
        return "a result"

    def judge(self, run: Run, baseline: Run | None) -> Judgement:
        """The ratio of one benchmark, or the geometric mean of those that both runs have."""
        for one, where in ((baseline, "in the reference's run "), (run, "")):
            if one is not None and one.ending is Ending.EXITED:
                try:
                    self._counted(one)
                except ValueError as error:
                    return Untestable(_clause(f"{where}{error}; the test {how_it_ended(one)}"))
        judgement = super().judge(run, baseline)
        if baseline is None or not isinstance(judgement, Measured):
            return judgement
        found = compared(self._counted(run), self._counted(baseline), self.options.statistic)
        if isinstance(found, str):
            return Untestable(_clause(found))
        return Measured(found.ratio, _clause(found.why))

    def _counted(self, run: Run) -> Sequence[Benchmark]:
        """The benchmarks that count and have a figure; for none, raises ValueError with a clause."""
        found, statistic = self._read(run), self.options.statistic
        if self.options.benchmark is not None:
            found = [_called(self.options.benchmark, found)]
        usable = [one for one in found if statistic_of(statistic, one)]
        if not usable:
            of = f" of {listed([one.name for one in found])}" if found else ""
            raise ValueError(f"there is no {statistic or 'figure'}{of}")
        return usable

    def _read(self, run: Run) -> Sequence[Benchmark]:
        options = self.options
        if options.file is None:
            lines = [match.text for key in self.patterns for match in run.matches.get(key, ())]
            return read_go(lines) or _in(run.output, options.format)
        files = files_of(run, options.file)
        if not files:
            raise ValueError(f"the test wrote no file {options.file!r}")
        found: dict[str, Benchmark] = {}
        for path, text in files.items():
            for one in _in(text, options.format, path):
                if one.name in found:
                    raise ValueError(f"two files have a benchmark called {one.name!r}; name one in `file`")
                found[one.name] = one
        return list(found.values())


def _in(text: str, format_: Format, path: str = "") -> Sequence[Benchmark]:
    try:
        return read_benchmarks(format_, text, path)
    except ValueError as error:
        raise ValueError(f"{repr(path) if path else 'the output'} {error}") from error


def _called(name: str, found: Sequence[Benchmark]) -> Benchmark:
    same = [one for one in found if one.name == name] or [one for one in found if one.short == name]
    if len(same) > 1:
        raise ValueError(f"{name!r} is the name of several benchmarks: {listed([one.name for one in same])}")
    if not same:
        there = nearest(name, [one.name for one in found])
        raise ValueError(f"there is no benchmark {name!r}; the nearest are {there or 'none'}")
    return same[0]


def _clause(text: str) -> str:
    """The text as part of one sentence: in one line, without a full stop at its end."""
    return " ".join(text.split()).rstrip(".")
