"""The JSON Schemas of what bisector prints for programs: objects of `--json`, and lines of `--events`.

The types are in the modules beside this one. They are open: a later version may add keys. Only the generator
of the reference, `bisector schema` and tests import this package, since it imports pydantic.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bisector.report.schema.events import AnyEvent
from bisector.report.schema.objects import AnyObject

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def output_schema() -> dict[str, Any]:
    """The JSON Schema of each object that `--json` prints; the key `schema` tells them apart."""
    return _schema(AnyObject, "output/1", "Objects that `bisector COMMAND --json` prints")


def event_schema() -> dict[str, Any]:
    """The JSON Schema of each line that `run --events` prints; the key `event` tells them apart."""
    return _schema(AnyEvent, "events/1", "Lines that `bisector run --events` prints")


def _schema(kinds: Any, name: str, title: str) -> dict[str, Any]:
    found: dict[str, Any] = TypeAdapter(kinds).json_schema()
    return {"$schema": _DIALECT, "$id": f"urn:bisector:{name}", "title": title, **_untitled(found)}


def _untitled(node: Any) -> Any:
    """`node` without the titles of properties, which only repeat their names."""
    if isinstance(node, list):
        return [_untitled(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _untitled(one) for name, one in value.items()} if key in _NAMED else _untitled(value)
        for key, value in node.items()
        if key != "title"
    }


_NAMED = ("properties", "$defs")
"""Keywords whose keys are names that may be `title`."""
