"""Values as YAML on one line, as a person would write them into a hunt file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_PLAIN = re.compile(r"\.{0,2}[A-Za-z_/][\w./+-]*|\.{1,2}")
_NOT_TEXTS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}


def in_flow(value: object) -> str:
    """A value as YAML on one line; texts are in quotes only if YAML would read them as something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{in_flow(key)}: {in_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_flow, value)) + "]"
    if isinstance(value, float) and "." not in repr(value):
        return repr(value).replace("e", ".0e")  # YAML 1.1 takes 1e-7 for a text.
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXTS:
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    plain = char.isprintable() and char not in '"\\'
    return char if plain else f"\\U{ord(char):08x}"
