"""Writes the section `predicate` into a hunt file and leaves the rest of it unchanged, comments included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bisector.phases.hunt_file_text import with_value, write_value

KEY = "predicate"


def write_predicate(path: Path, predicate: Mapping[str, Any]) -> bool:
    """Write the predicate into the hunt file; False if it already has it.

    Raises what `write_value` raises.
    """
    return write_value(path, KEY, dict(predicate))


def with_predicate(text: str, predicate: Mapping[str, Any], name: str) -> str:
    """`text` with this predicate in place of the old one, or at its end; error messages begin with `name`."""
    return with_value(text, KEY, dict(predicate), name)
