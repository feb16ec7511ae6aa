"""Cells of Markdown tables."""

from __future__ import annotations


def cell(text: str) -> str:
    """`text` on one line, with bars escaped."""
    return " ".join(text.replace("|", r"\|").split())
