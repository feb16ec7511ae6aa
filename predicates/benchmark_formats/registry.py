"""All formats of benchmarks, and which of them a text has."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from . import tools
from .results import Benchmark, benchmark, of_samples

Format = Literal[
    "auto",
    "hyperfine",
    "pytest-benchmark",
    "google",
    "criterion",
    "cargo-criterion",
    "asv",
    "jmh",
    "go",
]

_READERS: Mapping[str, Callable[[JsonValue, str], list[Benchmark]]] = {
    "hyperfine": tools.hyperfine,
    "pytest-benchmark": tools.pytest_benchmark,
    "google": tools.google,
    "criterion": tools.criterion,
    "cargo-criterion": tools.cargo_criterion,
    "asv": tools.asv,
    "jmh": tools.jmh,
}
GO_LINE = r"^Benchmark\S*\s+\d+\s.*\sns/op\b"
"""A result of `go test -bench`: https://go.dev/design/14313-benchmark-format."""

_GO = re.compile(r"^(?P<name>Benchmark\S*)\s+\d+\s(?:.*?\s)??(?P<value>[\d.e+-]+) ns/op\b")


def read_benchmarks(name: Format, text: str, path: str = "") -> list[Benchmark]:
    """The benchmarks in the text of a file, or of the output (then without `path`).

    JSON in the output may have other lines before and after it. Raises ValueError, whose text is a clause,
    if there are none, or if two of them have the same name.
    """
    found: list[Benchmark] = []
    known = False
    for document in _documents(text, name):
        for reader in _READERS if name == "auto" else [name]:
            try:
                found += _READERS[reader](document, path)
                known = True
                break
            except ValueError:  # Of another tool.
                continue
    if not known and name in ("auto", "go"):
        found = read_go([line for line in text.splitlines() if re.match(GO_LINE, line)])
    if not found and not known:
        raise ValueError("has no results of a benchmark" if name == "auto" else f"has no results of {name}")
    return _unique(found)


def read_go(lines: Sequence[str]) -> list[Benchmark]:
    """The benchmarks in lines of `go test -bench`, with `-count` several samples each, in time per operation.

    Names keep the suffix of GOMAXPROCS (`BenchmarkAdd-8`), which cannot be told from a part of the name.
    """
    samples: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        if match := _GO.match(line):
            samples[match["name"]].append(float(match["value"]))
    return [benchmark(name, of_samples(values), "ns/op") for name, values in samples.items()]


def _documents(text: str, name: Format) -> Iterator[JsonValue]:
    """The JSON in a text: all of it, each of its lines, or what is between its first and last bracket."""
    if name == "go":
        return
    stripped = text.strip().lstrip("\ufeff")
    if (whole := _json(stripped)) is not None:
        yield whole
        return
    lines = [document for line in stripped.splitlines() if (document := _object(line)) is not None]
    if lines:
        yield from lines
        return
    start, end = re.search(r"^[\[{]", stripped, re.MULTILINE), max(stripped.rfind("}"), stripped.rfind("]"))
    if start and (inside := _json(stripped[start.start() : end + 1])) is not None:
        yield inside


def _object(line: str) -> JsonValue:
    found = _json(line) if line.startswith("{") and line.rstrip().endswith("}") else None
    return found if isinstance(found, dict) and found else None


def _json(text: str) -> JsonValue:
    """The value; None if the text is no JSON object or list."""
    try:
        found: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _unique(found: Sequence[Benchmark]) -> list[Benchmark]:
    names = Counter(one.name for one in found)
    if twice := next((name for name, number in names.items() if number > 1), None):
        raise ValueError(f"has two benchmarks called {twice!r}; give them different names")
    return list(found)
