"""`bisector predicates`: lists predicates and their options."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from bisector.cli.completion import SCHEMAS
from bisector.cli.objects import print_object
from bisector.errors import UsageError
from bisector.hunt_file import json_schema
from bisector.predicate import Predicate
from bisector.probe.discovery import shipped_predicates


def show_schema(of: str) -> None:
    """Print the JSON Schema of hunt files, of objects of `--json`, or of lines of `--events`."""
    if of not in SCHEMAS:
        raise UsageError(f"no schema of '{of}'; there is one of {', '.join(SCHEMAS)}")
    if of == "hunt-file":
        schema = json_schema()
    else:
        from bisector.report.schema import event_schema, output_schema

        schema = output_schema() if of == "output" else event_schema()
    sys.stdout.write(json.dumps(schema, indent=2) + "\n")


def show_predicates(name: str | None, *, as_json: bool) -> None:
    """Print all predicates, or one."""
    kinds = shipped_predicates()
    if name is not None and name not in kinds:
        raise UsageError(f"no predicate '{name}'; available: {', '.join(sorted(kinds))}")
    chosen = {key: kind for key, kind in sorted(kinds.items()) if name in (None, key)}
    if as_json:
        print_object("predicates", {"predicates": {key: _schema(kind) for key, kind in chosen.items()}})
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
