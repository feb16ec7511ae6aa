"""The published schemas, as strict as a test wants them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def published(name: str) -> dict[str, Any]:
    """A schema as it is published: `output` or `events`."""
    found: dict[str, Any] = json.loads((REFERENCE / f"{name}.schema.json").read_text())
    return found


def closed(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """A validator that also refuses keys that the schema does not name, unless it says there may be more."""
    strict = copy.deepcopy(schema)
    for kind in strict["$defs"].values():
        kind.setdefault("additionalProperties", False)
    return jsonschema.Draft202012Validator(strict)


def require(validator: jsonschema.Draft202012Validator, found: Any) -> None:
    """Raise AssertionError with the deepest reason if `found` is not as the schema says."""
    error = jsonschema.exceptions.best_match(validator.iter_errors(found))
    assert error is None, f"{error.json_path if error else ''}: {error.message if error else ''}"
