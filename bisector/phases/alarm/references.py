"""The file of reference times: read, validated, and updated in place without other changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, PositiveFloat, ValidationError

from bisector.errors import UsageError

SCHEMA = 1
YAML = (".yaml", ".yml")
"""Suffixes of YAML files; other files have lines such as `REF_FIB18=1216`."""

_VARIABLE = re.compile(r"^(?P<before>\s*(?:export\s+)?REF_(?P<name>\w+)=)(?P<value>\d+(?:\.\d+)?)", re.M)

Facts = Mapping[str, str | float | Mapping[str, str]]
"""Facts stored with the times: commit, date, load, runs, and the machine."""


@dataclass(frozen=True)
class References:
    """Reference times in milliseconds by benchmark, and where they were measured.

    `commit` and `machine` are empty if the file does not have them, like one with lines `REF_FIB18=1216`.
    """

    times: Mapping[str, float]
    commit: str = ""
    load: float | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
    by_variable: bool = False

    def name_of(self, benchmark: str) -> str:
        """The name of a benchmark in the file; for example, `bench-fib18` is `REF_FIB18`."""
        if not self.by_variable:
            return benchmark
        bare = re.sub(r"[^A-Z0-9]", "", benchmark.upper())
        known = {re.sub(r"[^A-Z0-9]", "", name): name for name in self.times}
        return known.get(bare) or known.get(bare.removeprefix("BENCH")) or benchmark


class _Measured(BaseModel):
    model_config = ConfigDict(extra="allow")

    commit: str = ""
    load: float | None = None
    machine: dict[str, str] = {}


class _Document(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    benchmarks: dict[str, PositiveFloat]
    measured: _Measured = _Measured()


def read_references(path: Path) -> References:
    """Read the references in a file; raises UsageError if it is missing or has another schema."""
    return parsed_references(path, text_of(path))


def parsed_references(path: Path, text: str) -> References:
    """Parse the references in `text`; raises UsageError, naming `path`, if it has another schema."""
    if path.suffix not in YAML:
        times = {match["name"]: float(match["value"]) for match in _VARIABLE.finditer(text)}
        if not times:
            raise UsageError(f"{path} has no reference times; write lines such as REF_FIB18=1216")
        return References(times, by_variable=True)
    try:
        data: Any = yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML ({str(error).splitlines()[0]}); correct it") from error
    if not isinstance(data, dict) or data.get("schema") != str(SCHEMA):
        raise UsageError(
            f"{path} is not a file of reference times of schema {SCHEMA}; name another file as "
            "`alarm.references`, or move it away and write a new one with --update"
        )
    try:
        document = _Document.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: {where}: {first['msg'].lower()}; correct it") from error
    measured = document.measured
    return References(document.benchmarks, measured.commit, measured.load, measured.machine)


def written_references(times: Mapping[str, float], facts: Facts) -> str:
    """The text of a new file; `facts` are commit, date, load, runs and machine."""
    lines = [
        "# Reference times of the benchmarks, in milliseconds: `bisector alarm --update` rewrites them.",
        f"schema: {SCHEMA}",
        "benchmarks:",
        *(f"  {_key(name)}: {plain(time)}" for name, time in times.items()),
        "measured:",
    ]
    for key, value in facts.items():
        if isinstance(value, Mapping):
            lines += [f"  {key}:", *(f"    {inner}: {_scalar(text)}" for inner, text in value.items())]
        else:
            lines.append(f"  {key}: {_scalar(value)}")
    return "\n".join(lines) + "\n"


def rewritten_references(
    text: str,
    old: References,
    times: Mapping[str, float],
    facts: Facts,
) -> str:
    """`text` with the new times, and with facts where it has them; all other bytes are unchanged.

    New benchmarks are added below the last; missing ones stay.
    """
    if old.by_variable:
        new = {old.name_of(name): time for name, time in times.items()}
        return _VARIABLE.sub(
            lambda found: (
                found["before"] + (plain(new[found["name"]]) if found["name"] in new else found["value"])
            ),
            text,
        )
    root: yaml.Node | None = yaml.compose(text, yaml.BaseLoader)
    edits = _edits_in(_mapping(root, "benchmarks"), {name: plain(time) for name, time in times.items()}, text)
    if (measured := _mapping(root, "measured")) is not None:
        flat = {key: _scalar(value) for key, value in facts.items() if not isinstance(value, Mapping)}
        edits += _edits_in(measured, flat, text)
        for key, value in facts.items():
            if isinstance(value, Mapping) and (inner := _mapping(measured, key)) is not None:
                edits += _edits_in(inner, {name: _scalar(word) for name, word in value.items()}, text)
    for start, end, value in sorted(edits, reverse=True):
        text = text[:start] + value + text[end:]
    return text


def plain(time: float) -> str:
    """A short form of a time: 1216, 0.52."""
    return f"{time:.0f}" if time >= 100 or time.is_integer() else f"{time:.3g}"


_Edit = tuple[int, int, str]


def _edits_in(mapping: yaml.MappingNode | None, values: Mapping[str, str], text: str) -> list[_Edit]:
    """The edits of `text` that give the mapping these values."""
    if mapping is None:
        return []
    nodes = {key.value: (key, value) for key, value in mapping.value}
    edits = [
        (nodes[name][1].start_mark.index, nodes[name][1].end_mark.index, value)
        for name, value in values.items()
        if name in nodes
    ]
    added = [f"{_key(name)}: {value}" for name, value in values.items() if name not in nodes]
    return edits + (_additions(mapping, added, text) if added else [])


def _additions(mapping: yaml.MappingNode, added: Sequence[str], text: str) -> list[_Edit]:
    if mapping.flow_style or not mapping.value:
        at = mapping.end_mark.index - 1
        return [(at, at, (", " if mapping.value else "") + ", ".join(added))]
    first, last = mapping.value[0][0], mapping.value[-1][1]
    while isinstance(last, yaml.MappingNode) and last.value:
        last = last.value[-1][1]
    newline = "\r\n" if "\r\n" in text else "\n"
    at = text.find(newline, last.end_mark.index)
    at = len(text) if at < 0 else at
    indent = " " * first.start_mark.column
    return [(at, at, "".join(f"{newline}{indent}{line}" for line in added))]


def _mapping(node: yaml.Node | None, key: str) -> yaml.MappingNode | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key and isinstance(value, yaml.MappingNode):
                return value
    return None


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][\w./-]*", name) else _scalar(name)


def _scalar(value: object) -> str:
    """A value as YAML; strings are quoted so that a commit id of digits stays a string."""
    return json.dumps(value, ensure_ascii=False)


def text_of(path: Path) -> str:
    """The text of a file with its line endings; raises UsageError if it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError as error:
        raise UsageError(
            f"there are no reference times in {path} yet; measure them with `bisector alarm --update`"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8; name another file as `alarm.references`") from error
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror}); correct `alarm.references`") from error
