"""docs/reference/python-api.md, from the public names of `bisector.search` and `bisector.predicate`."""

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any

import bisector.predicate as contract
from bisector import search

_HEAD = """\
# Python API

<!-- Written by scripts/write_reference.py from the docstrings in the code; do not edit. -->

Other programs can use two modules. `bisector.search` says what to probe next; it uses no git, processes or
files ([what it computes](../explanation/search.md)). `bisector.predicate` is the contract for plug-ins
([how to write one](../how-to/write-a-predicate.md)). All other modules are internal and may change.

Import each name from the module of its heading. Commits are numbers: parents come before children, -1 is the
good endpoint, N-1 the bad one.
"""
_GROUPS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("A search", ("Search", "CommitGraph", "evidence_beyond")),
    ("How readings err", ("Exact", "Flaky", "Rates", "Timing", "Noise")),
    (
        "The result of a probe",
        ("Good", "Bad", "Untestable", "Measured", "Observation", "Outcome", "GOOD_END"),
    ),
    (
        "How a search ends",
        ("FirstBad", "AnyOf", "NoRegression", "Misfit", "Inconclusive", "Conclusion"),
    ),
    (
        "When it ends, and what a probe costs",
        ("Confident", "Budget", "NothingToLearn", "Rule", "Costs", "Runs"),
    ),
)
_METHODS = {"Search", "CommitGraph", "Predicate"}
"""Classes whose methods are public; those of the others are for the search only."""
_CONTRACT = (
    *("Predicate", "Options", "Run", "Ends", "Match", "Ending", "Contention"),
    *("Good", "Bad", "Untestable", "Measured", "Judgement"),
)


def python_api_markdown() -> str:
    """The whole page."""
    grouped = {name for _, names in _GROUPS for name in names}
    if missing := set(search.__all__) ^ grouped:
        raise ValueError(f"bisector.search and its reference differ in {', '.join(sorted(missing))}")
    parts = [_HEAD, "## bisector.search\n"]
    for title, names in _GROUPS:
        parts.append(f"### {title}\n")
        for name in names:
            parts += _entry(name, getattr(search, name))
    parts.append("## bisector.predicate\n")
    for name in _CONTRACT:
        parts += _entry(name, getattr(contract, name))
    return "\n".join(parts).rstrip("\n") + "\n"


def _entry(name: str, thing: Any) -> Iterator[str]:
    """A name with its signature, docstring and methods."""
    if isinstance(thing, UnionType):
        yield f"`{name}` = {' | '.join(f'`{kind.__name__}`' for kind in thing.__args__)}\n"
    elif not callable(thing):
        yield f"`{name}` = {thing}\n"
    elif isinstance(thing, type) and issubclass(thing, enum.Enum):
        yield f"**`{name}`**: {_doc(thing)}\n"
        yield from (f"- `{member.name}`: {member.value}" for member in thing)
        yield ""
    else:
        shown = (
            inspect.isfunction(thing) or dataclasses.is_dataclass(thing) or name in ("Search", "CommitGraph")
        )
        yield f"**`{name}{_signature(thing) if shown else ''}`**\n"
        yield f"{_doc(thing)}\n"
        if name in _METHODS:
            yield from _methods(thing)


def _methods(kind: type) -> Iterator[str]:
    for name, method in vars(kind).items():
        if name.startswith("_") or not (inspect.isfunction(method) or isinstance(method, property)):
            continue
        signature = _signature(method) if inspect.isfunction(method) else ""
        yield f"- `{name}{signature}`: {' '.join(_doc(method).split())}"
    yield ""


def _signature(thing: Any) -> str:
    found = inspect.signature(thing)
    parameters = [
        p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values() if p.name != "self"
    ]
    text = str(found.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    return text.replace(repr(contract.Contention()), "Contention()").replace("<factory>", "{}")


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""
