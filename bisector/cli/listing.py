"""`bisector predicates`: lists predicates and their options."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from bisector.errors import UsageError
from bisector.predicate import Predicate
from bisector.probe.discovery import shipped_predicates


def show_predicates(name: str | None, *, as_json: bool) -> None:
    """Print all predicates, or one."""
    kinds = shipped_predicates()
    if name is not None and name not in kinds:
        raise UsageError(f"no predicate '{name}'; available: {', '.join(sorted(kinds))}")
    chosen = {key: kind for key, kind in sorted(kinds.items()) if name in (None, key)}
    if as_json:
        sys.stdout.write(json.dumps({key: _schema(kind) for key, kind in chosen.items()}) + "\n")
        return
    console = Console(highlight=False)
    for key, kind in chosen.items():
        paired = "  (paired: alternates with the reference)" if kind.paired else ""
        console.print(Text.assemble((key, "bold"), (paired, "dim")))
        console.print(Text("  " + (inspect.getdoc(kind) or "").splitlines()[0]))
        for option, field in kind.Options.model_fields.items():
            default = (
                "required"
                if field.is_required()
                else f"default {field.get_default(call_default_factory=True)!r}"
            )
            console.print(
                Text.assemble(
                    "    ", (option, "cyan"), f": {field.description or ''} ", (f"[{default}]", "dim")
                )
            )


def _schema(kind: type[Predicate[Any]]) -> dict[str, Any]:
    return {
        "description": inspect.getdoc(kind),
        "paired": kind.paired,
        "options": kind.Options.model_json_schema(),
    }
