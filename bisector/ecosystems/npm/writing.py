"""JSON written as npm writes it, with the indentation of the file that it replaces."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def written(document: Mapping[str, Any], like: bytes) -> bytes:
    """The document with the indentation and the last line break of `like`."""
    text = like.decode("utf-8")
    indent = re.match(r"\s*\{\r?\n([ \t]+)", text)
    # A file on one line stays on one line.
    separators = None if indent else (",", ":")
    found = json.dumps(
        document, indent=indent[1] if indent else None, ensure_ascii=False, separators=separators
    )
    return (found + ("\n" if text.endswith("\n") else "")).encode()
