"""Generates docs/reference/hunt-file.md from the descriptions in the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bisector.hunt_file.alarm import Alarm
from bisector.hunt_file.axes import KINDS as AXES
from bisector.hunt_file.descent import Descend
from bisector.hunt_file.diagnosis import Diagnosis, EvidenceChoice, Hypothesis
from bisector.hunt_file.direction import TermsChoice
from bisector.hunt_file.engine import Engine
from bisector.hunt_file.fields import Kind
from bisector.hunt_file.judging import Budget, Pairs, PredicateChoice, Premise
from bisector.hunt_file.machine import Measure, Quiet
from bisector.hunt_file.model import Hunt
from bisector.hunt_file.origin import OPTIONS
from bisector.hunt_file.overlay import KINDS, When
from bisector.hunt_file.setup import Dependencies
from bisector.hunt_file.suites import Suites
from bisector.hunt_file.work import Build, Environment, Test
from bisector.units import format_duration, format_size

_SECTIONS: dict[str, type[BaseModel]] = {
    "terms": TermsChoice,
    "descend": Descend,
    "setup": Dependencies,
    "build": Build,
    "test": Test,
    "environment": Environment,
    "predicate": PredicateChoice,
    "pairs": Pairs,
    "premise": Premise,
    "budget": Budget,
    "quiet": Quiet,
    "measure": Measure,
    "engine": Engine,
    "suites": Suites,
    "alarm": Alarm,
    "diagnose": Diagnosis,
}
_ENTRIES: dict[str, type[BaseModel]] = {"evidence": EvidenceChoice, "hypotheses": Hypothesis}
"""Keys of the section `diagnose` that hold lists of sections."""
_WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text"}

_HEAD = """\
# Hunt file

<!-- Written by bisector.hunt_file.reference from the descriptions in the code; do not edit. -->

A hunt file describes one hunt, in YAML (UTF-8). The shortest one:

```yaml
good: v1.0
test:
  command: ./test.sh
```

`--config NAME` looks for the path `NAME`, then in `configs/`, then among the hunt files that come with
bisector, each time also with `.yaml` appended. Options on the command line override the file: the last column
has the option of a key, and `--set KEY=VALUE` sets any key, for example `--set build.folder=src`. On the
command line, relative local paths start from the current folder.

| Value | Written as |
|---|---|
| duration | `90s`, `10m`, `1h30m`, `250ms`, or a number of seconds |
| size | `512MiB`, `8GiB`, `1.5GB`, or a number of bytes |
| revision | a branch, a tag, a commit id, or anything else that names one commit to git |
| command | a string for the shell, or a list of words to run without a shell |
| path | a file or folder in the repository, from its top, without `..` |
| local path | a path on this machine, relative to the hunt file; `~` is your home folder |

`yes`, `no`, `on`, `off`, dates and `1:30` are plain strings. Unknown keys, duplicate keys and values of the
wrong type are errors. bisector reports all of them at once, with file and line.
"""


def reference_markdown() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "## Top level\n"
    yield from _table(Hunt, "")
    for key, model in _SECTIONS.items():
        yield from _section(f"## {key}", model, f"{key}.")
    for key, model in _ENTRIES.items():
        yield from _section(f"### {key}", model, f"diagnose.{key}.")
    yield "## axes\n"
    kinds = ", ".join(f"`{key}`" for key in AXES)
    yield f"A list. Each entry has exactly one of the keys {kinds}.\n"
    for key, axis in AXES.items():
        yield from _section(f"### {key} of axes", axis, f"axes.{key}.")
    yield "## overlay\n"
    kinds = ", ".join(f"`{key}`" for key in KINDS)
    yield f"A list. Each entry has exactly one of the keys {kinds}, which says what the entry does.\n"
    for key, model in KINDS.items():
        yield from _section(f"### {key}", model, f"overlay.{key}.")
    yield from _section("### when", When, "overlay.when.")


def _section(heading: str, model: type[BaseModel], prefix: str) -> Iterator[str]:
    yield f"{heading}\n"
    yield f"{' '.join((model.__doc__ or '').split())}\n"
    yield from _table(model, prefix)


def _table(model: type[BaseModel], prefix: str) -> Iterator[str]:
    with_options = any(key.startswith(prefix) for key in OPTIONS)
    yield "| Key | Value | Default | Meaning |" + (" Option |" if with_options else "")
    yield "|---|---|---|---|" + ("---|" if with_options else "")
    last = ("when", "optional")
    fields = sorted(model.model_fields.items(), key=lambda item: item[0] in last)
    for name, info in fields:
        key = info.alias or name
        option = OPTIONS.get(prefix + key)
        cells = [f"`{key}`", _kind(info.annotation, info.metadata), _default(info), info.description or ""]
        cells += [f"`{option}`" if option else ""] if with_options else []
        escaped = (cell.replace("|", "\\|") for cell in cells)
        yield f"| {' | '.join(escaped)} |"
    yield ""


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """The kind of a value in words, with links and bounds."""
    named = next((item.name for item in metadata if isinstance(item, Kind)), None)
    if named:
        return str(named)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0], [*inner[1:], *metadata])
    if origin in (Union, UnionType):
        kinds = [_kind(one, []) for one in inner if one is not type(None)]
        return " or ".join(dict.fromkeys(kinds)) + _bounds(metadata)
    if origin is tuple:
        item = _kind(inner[0], [])
        return f"list of {item}" if item.endswith(")") else f"list of {item}s"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is dict:
        return f"{_kind(inner[0], [])}: {_kind(inner[1], [])}"
    if annotation in _WORDS:
        return _WORDS[annotation] + _bounds(metadata)
    if annotation is When:
        return "[section](#when)"
    anchor = next((key for key, model in _SECTIONS.items() if model is annotation), None)
    if anchor:
        return f"[section](#{anchor})"
    if annotation in AXES.values():
        return "[entries](#axes)"
    entries = next((key for key, model in _ENTRIES.items() if model is annotation), "overlay")
    return f"[entries](#{entries})"


def _bounds(metadata: list[Any]) -> str:
    least = [item.ge for item in metadata if isinstance(item, Ge)]
    above = [item.gt for item in metadata if isinstance(item, Gt)]
    most = [item.le for item in metadata if isinstance(item, Le)]
    words = [f"at least {least[-1]}"] if least else [f"more than {above[-1]}"] if above else []
    words += [f"at most {most[-1]}"] if most else []
    return ", " + " and ".join(words) if words else ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**required**"
    value, kind = info.default, _kind(info.annotation, info.metadata)
    if info.default_factory or value is None or value == () or "Default:" in (info.description or ""):
        return ""
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, PredicateChoice):
        value = value.name
    elif isinstance(value, Path):
        value = value.as_posix()
    elif kind in ("duration", "size"):
        value = (format_duration if kind == "duration" else format_size)(value)
    return f"`{value}`"
