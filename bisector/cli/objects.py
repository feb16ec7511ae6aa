"""Prints what programs read; `bisector.report.schema` describes it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from bisector.report.versioned import versioned


def print_object(kind: str, document: Mapping[str, object]) -> None:
    """Print the object of `--json` on one line."""
    sys.stdout.write(json.dumps(versioned(kind, document)) + "\n")
