"""docs/reference/predicates.md, from the docstrings and options of the shipped predicates."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from re import Pattern
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from bisector.predicate import Predicate
from bisector.probe.discovery import shipped_predicates
from bisector.units import Duration, format_duration
from scripts.reference.tables import cell

_HEAD = """\
# Predicates

<!-- Written by scripts/write_reference.py from the docstrings in the code; do not edit. -->

A predicate judges a finished or running test: good, bad, untestable, or a measured value. Name one in the
hunt file under `predicate`, with its options beside `name`. `bisector predicates` lists all that are
installed, including those of other packages. You can also
[write a predicate](../how-to/write-a-predicate.md).

A **paired** predicate measures. It compares each run of a candidate with a run of the good endpoint's build,
made just before. All other predicates give verdicts.
"""
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def predicates_markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_overview(), *_sections()]).rstrip("\n") + "\n"


def _overview() -> Iterator[str]:
    yield "| Predicate | Gives | In short |"
    yield "|---|---|---|"
    for name, kind in shipped_predicates().items():
        gives = "ratio (paired)" if kind.paired else "verdict"
        yield f"| [`{name}`](#{name}) | {gives} | {cell(_paragraphs(kind)[0])} |"
    yield ""


def _sections() -> Iterator[str]:
    for name, kind in shipped_predicates().items():
        yield f"## {name}\n"
        yield from (f"{paragraph}\n" for paragraph in _paragraphs(kind))
        yield "| Option | Value | Default | Meaning |"
        yield "|---|---|---|---|"
        for option, field in kind.Options.model_fields.items():
            texts = [f"`{option}`", _value(field), _default(field), field.description or ""]
            yield f"| {' | '.join(map(cell, texts))} |"
        yield ""


def _paragraphs(kind: type[Predicate[Any]]) -> list[str]:
    return (inspect.getdoc(kind) or "").split("\n\n")


def _value(field: FieldInfo) -> str:
    limits = [
        f"{word} {getattr(item, attribute)}"
        for item in field.metadata
        for limit, attribute, word in ((Ge, "ge", "at least"), (Gt, "gt", "more than"), (Le, "le", "at most"))
        if isinstance(item, limit)
    ]
    kind = "duration" if set(get_args(Duration)[1:]) <= {*field.metadata} else _words(field.annotation)
    return f"{kind}, {' and '.join(limits)}" if limits else kind


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{word}`" for word in inner)
    if origin is tuple:
        return f"list of {_words(inner[0])}s"
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in inner if one is not type(None))
    if origin is Pattern:
        return "regular expression"
    return _WORDS.get(annotation, "predicate")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None:
        return ""
    if isinstance(value, Pattern):
        value = value.pattern
    elif isinstance(value, tuple):
        value = f"[{', '.join(map(str, value))}]"
    elif _value(field).startswith("duration"):
        value = format_duration(value)
    return f"`{value}`"
