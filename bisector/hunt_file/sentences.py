"""pydantic's errors -> sentences that name place, key and fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bisector.errors import HuntFileError
from bisector.hunt_file.fields import described
from bisector.hunt_file.origin import KeyPath, Origin, dotted, option_of
from bisector.hunt_file.overlay import KINDS

MAX_SENTENCES = 10

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "a path",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}
_DIGITS = 18
"""A number with more digits is read as text."""

_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def refusal(
    error: ValidationError, data: object, model: type[BaseModel], origin: Origin, at: KeyPath = ()
) -> HuntFileError:
    """Everything that `error` found in `data`, one per line; `at` is the key path of `data` in the hunt."""
    found: dict[str, int] = {}
    all_details = error.errors(include_url=False)
    misspelt = {meant for details in all_details if (meant := _meant(details, model))}
    for details in all_details:
        if details["type"] == "missing" and details["loc"] in misspelt:
            continue
        path = (*at, *_path_in(data, details))
        sentence = _sentence(details, path, model, origin)
        found.setdefault(_placed(sentence, path, origin), origin.line(path))
    lines = sorted(found, key=lambda line: found[line])
    if len(lines) > MAX_SENTENCES:
        lines[MAX_SENTENCES:] = [f"and {len(lines) - MAX_SENTENCES} more"]
    return HuntFileError("\n".join(lines))


def _placed(sentence: str, path: KeyPath, origin: Origin) -> str:
    given = origin.given_at(path)
    if given is not None:
        rest = dotted(path[len(given) :])
        return f"{origin.where(path)}: {rest}: {sentence}" if rest else f"{origin.where(path)}: {sentence}"
    if not origin.file:
        return f"{option_of(dotted(path))}: {sentence}"
    return f"{origin.where(path)}: {dotted(path)}: {sentence}"


def _meant(details: ErrorDetails, model: type[BaseModel]) -> KeyPath | None:
    """The key path that an unknown key probably means: that of the most similar known key."""
    if details["type"] != "extra_forbidden":
        return None
    *section, key = details["loc"]
    close = difflib.get_close_matches(str(key).lower(), keys_at(model, tuple(section)), n=1)
    return (*section, close[0]) if close else None


def _path_in(data: Any, details: ErrorDetails) -> KeyPath:
    """The error's location without the parts that pydantic adds for union branches."""
    path: list[str | int] = []
    for part in details["loc"]:
        keyed = isinstance(data, Mapping) and part in data
        if keyed or (isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)):
            data = data[part]
            path.append(part)
    if details["type"] == "missing" or (details["loc"] and not path):
        path.append(details["loc"][-1])
    return tuple(path)


def _sentence(details: ErrorDetails, path: KeyPath, model: type[BaseModel], origin: Origin) -> str:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(details, model)
    if kind == "missing":
        return _missing(details, path, model, origin)
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_not_found":
        return _no_kind(given)
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        limit = context[bound]
        return f"must be {words} {f'{limit:g}' if isinstance(limit, float) else limit}, got {given}"
    if kind == "too_short":
        return f"must have at least {context['min_length']} entries, has {context['actual_length']}"
    if kind == "finite_number":
        return f"expected a finite number, got {given}"
    if kind in ("literal_error", "enum"):
        return f"expected {context['expected']}, got {described(given)}"
    if kind in _EXPECTED:
        mark = origin.marks.get(path)
        text = mark.text if mark and mark.text is not None else str(given)
        keys = keys_at(model, details["loc"])
        return f"expected {_EXPECTED[kind]}, got {described(given)}{_remedy(kind, given, text, keys)}"
    return details["msg"][:1].lower() + details["msg"][1:]


def _remedy(kind: str, given: object, text: str, keys: Mapping[str, FieldInfo]) -> str:
    """What to write instead; `text` is the value as written, `keys` are the section's keys."""
    if given is None:
        return "; write a value"
    if _EXPECTED[kind] == "keys and values":
        return f"; the keys are {', '.join(keys)}" if keys else ""
    if not isinstance(given, str | int | float):
        return "; write one text" if kind == "string_type" else ""
    if kind == "string_type":
        return f"; put it in quotes: '{text}'"
    if kind in ("tuple_type", "list_type"):
        return f"; write [{text}]"
    if kind in ("int_type", "float_type") and isinstance(given, str) and text.replace(".", "", 1).isdecimal():
        return "; remove the quotes" if len(text) <= _DIGITS else "; write a smaller one"
    return f"; write {_SWITCHES[text.lower()]}" if kind == "bool_type" and text.lower() in _SWITCHES else ""


def _missing(details: ErrorDetails, path: KeyPath, model: type[BaseModel], origin: Origin) -> str:
    *section, key = details["loc"]
    given = details["input"]
    if section == ["predicate"] and key == "name" and isinstance(given, Mapping) and not origin.file:
        return _without_predicate([str(option) for option in given], model)
    if not origin.file or origin.given_at(path) is not None:
        return "missing; add it to the command line"
    field = keys_at(model, tuple(section)).get(str(key))
    if not field or not field.examples:
        return "missing; write it"
    example = field.examples[0]
    if isinstance(example, Mapping):
        example = yaml.safe_dump(example, default_flow_style=True).strip()
    return f"missing; write for instance '{key}: {example}'"


def _without_predicate(options: list[str], model: type[BaseModel]) -> str:
    """What to do about options of a predicate on a command line that names none."""
    said = ", ".join(f"predicate.{option}" for option in options)
    of_test = [option for option in options if option in keys_at(model, ("test",))]
    instead = f", or did you mean test.{of_test[0]}?" if of_test else ""
    return f"missing, and {said} needs it; add --predicate NAME (the default is exit_status){instead}"


def _unknown(details: ErrorDetails, model: type[BaseModel]) -> str:
    *section, last = details["loc"]
    key, fields = str(last), keys_at(model, tuple(section))
    elsewhere = [
        f"'{name}.{key}'"
        for name in model.model_fields
        if name != "overlay" and key in keys_at(model, (name,))
    ]
    if meant := _meant(details, model):
        return f"unknown key; did you mean '{meant[-1]}'?"
    if key in keys_at(model, ()):
        return f"unknown key here; '{key}' belongs at the top level, so check the indentation"
    if elsewhere:
        return f"unknown key here; did you mean {' or '.join(elsewhere)}?"
    return f"unknown key; the keys are {', '.join(fields)}" if fields else "unknown key; remove it"


def _no_kind(given: object) -> str:
    sentence = f"an overlay entry has exactly one of the keys {', '.join(KINDS)}; this one has "
    if not isinstance(given, Mapping):
        return f"{sentence[: sentence.index(';')]}, got {described(given)}"
    present = [key for key in KINDS if key in given]
    close = [one for key in given for one in difflib.get_close_matches(key, KINDS, n=1)]
    if present or not close:
        return sentence + (" and ".join(present) or "none")
    return f"{sentence}none; did you mean '{close[0]}'?"


def keys_at(model: type[BaseModel], path: KeyPath) -> dict[str, FieldInfo]:
    """The fields of the part of `model` at an error's location, by their keys in the file."""
    models = [model]
    for part in path:
        if isinstance(part, int):
            continue
        named = [one for one in models if one.__name__ == part]
        models = named or [
            inner
            for one in models
            for key, info in _fields(one).items()
            if key == part
            for inner in _models_in(info.annotation)
        ]
    return {key: info for one in models for key, info in _fields(one).items()}


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
