"""The mark on everything that programs read: its kind, and the version of that kind."""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 1
"""Rises when a key is removed, renamed or changes its meaning. A new key does not raise it."""


def versioned(kind: str, document: Mapping[str, object]) -> dict[str, object]:
    """`document` behind the key `schema`, such as `run/1`."""
    return {"schema": f"{kind}/{VERSION}", **document}
