"""docs/reference/output.md and the JSON Schemas beside it, from the types in `bisector.report.schema`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bisector.report.schema import event_schema, output_schema

_PAGE = """\
# Output for programs

<!-- Written by scripts/write_reference.py from the types in the code; do not edit. -->

Commands with `--json` print one object, and `bisector run --events` one object a line. The same facts as
JSON Schemas (draft 2020-12): [output.schema.json](output.schema.json) and
[events.schema.json](events.schema.json). An installed bisector prints its own:

```sh
bisector schema output
bisector schema events
```

Each object has the key `schema`: its kind and a version, such as `run/1`. A later bisector may add keys,
values of `step` and kinds of lines, so ignore what you do not know. The version rises if a key goes away,
gets another name, or changes its meaning.

Every key is always present, and null if it does not apply. Times are in seconds, memory is in bytes, and
commits are full ids. Text that comes from the repository or from a test is not escaped. Lines of events
have `***` in place of the values of variables that the hunt passes on to its tests.

## Follow a hunt

```sh
bisector run --config tcl.yaml --events --quiet
```

The screen of the hunt goes to stderr, and `--quiet` leaves it out. Each line is written at once. The last
line is `result` with the object of `--json`, or `failed` with the reason why there is none. The exit code
is the same with and without `--events`.

{lines}
## Objects

{objects}"""


def output_markdown() -> str:
    """The whole page."""
    events, objects = event_schema(), output_schema()
    shared = set(objects["$defs"])
    lines = {name: kind for name, kind in events["$defs"].items() if name not in shared or _is_line(kind)}
    return _PAGE.format(
        lines="\n".join(_section(f"`{_constant(kind, 'event')}`", kind) for kind in _of(events, lines)),
        objects="\n".join(
            [
                *(_section(_kinds(kind), kind) for kind in _of(objects, objects["$defs"])),
                "## Parts of objects\n",
                *(
                    _section(name, kind, level=3)
                    for name, kind in objects["$defs"].items()
                    if "schema" not in kind["properties"]
                ),
            ]
        ),
    )


def output_schema_json() -> str:
    """The file output.schema.json."""
    return json.dumps(output_schema(), indent=2) + "\n"


def event_schema_json() -> str:
    """The file events.schema.json."""
    return json.dumps(event_schema(), indent=2) + "\n"


def _is_line(kind: Mapping[str, Any]) -> bool:
    return "event" in kind["properties"]


def _of(schema: Mapping[str, Any], kinds: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives of a schema, in their order."""
    for one in schema["oneOf"]:
        yield kinds[one["$ref"].rpartition("/")[2]]


def _kinds(kind: Mapping[str, Any]) -> str:
    said = kind["properties"]["schema"]
    return ", ".join(f"`{name}`" for name in said.get("enum", [said.get("const")]))


def _constant(kind: Mapping[str, Any], key: str) -> str:
    return str(kind["properties"][key]["const"])


def _section(title: str, kind: Mapping[str, Any], level: int = 3) -> str:
    rows = [
        f"| `{key}` | {_type(value)} | {' '.join(value.get('description', '').split())} |"
        for key, value in kind["properties"].items()
        if key not in ("schema", "event", "at")
    ]
    text = " ".join(kind.get("description", "").split())
    table = "\n".join(["| Key | Type | Meaning |", "|---|---|---|", *rows])
    return "\n\n".join(part for part in (f"{'#' * level} {title}", text, table) if part) + "\n"


def _type(value: Mapping[str, Any]) -> str:
    """The type of a key in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        whole = name in ("Run", "Targets")
        return f"object of `{name.lower()}/1`" if whole else f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    if "enum" in value or "const" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    match value.get("type"):
        case "array" if "prefixItems" in value:
            return f"[{', '.join(_type(one) for one in value['prefixItems'])}]"
        case "array":
            return f"list of {_type(value['items'])}"
        case "object":
            values = value.get("additionalProperties")
            return f"object: name to {_type(values)}" if isinstance(values, dict) else "object"
        case None:
            return "any"
        case name:
            return str(name)
