"""The page of tuned numbers, from the constants and their docstrings in the code."""

from __future__ import annotations

import ast
import importlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

BEGIN = """# Tuned numbers

Numbers that somebody chose by measuring, with what each is for and what was measured. The text is that of
the code, next to the number. Thresholds of a statistical test name its source. `python -m
benchmarks.ablation` measures the devices of speed that depend on them
([performance](../explanation/performance.md#where-the-time-goes)).
"""
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "Endpoints and confirmation": (
        "hunt.decide.premise",
        "hunt.decide.verdicts",
        "hunt.decide.confirm",
        "hunt.decide.distrust",
        "hunt.decide.warm_up",
        "hunt.home",
        "hunt.sharing",
        "engine.outputs_check",
    ),
    "Speed": (
        "hunt.decide.costs",
        "hunt.decide.early_ends",
        "hunt.decide.belief",
        "hunt.lookahead",
        "hunt.engines",
        "engine.pairs",
        "probe.early",
    ),
    "Load of the machine": ("probe.fairness", "probe.pause"),
    "Search": (
        "search.prior",
        "search.reach",
        "search.noise_timing",
        "search.lattice",
        "search.misfit",
        "search.search",
        "search.untestable",
    ),
}
"""Modules of the package by the topic that their numbers belong to."""
_FIXED = ("NOT_RUN", "OWN_TIMEOUT", "_KILLED", "FAR", "IMPOSSIBLE")
"""Constants of these modules that nobody can tune."""


def tuned_numbers_markdown() -> str:
    """The page in Markdown."""
    parts = [BEGIN]
    for topic, modules in NUMBERS.items():
        rows = [row for module in modules for row in _rows(module)]
        parts.append("\n".join([f"## {topic}\n", "| Number | Value | Meaning |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _rows(module: str) -> Iterator[str]:
    loaded = importlib.import_module(f"bisector.{module}")
    for name, text in documented(Path(str(loaded.__file__))):
        value = getattr(loaded, name)
        if _is_number(value) and name not in _FIXED:
            yield f"| `{module}.{name}` | {_said(value)} | {text.replace('|', chr(92) + '|')} |"


def documented(path: Path) -> Iterator[tuple[str, str]]:
    """The constants of a module that have a docstring. Yields the name, and the text in one line."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for statement, after in itertools.pairwise(body):
        if (
            isinstance(statement, ast.Assign)
            and isinstance(name := statement.targets[0], ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            yield name.id, " ".join(str(after.value.value).split())


def _is_number(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_number, value))
    return isinstance(value, int | float)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"
