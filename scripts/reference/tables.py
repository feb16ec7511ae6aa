"""Cells of Markdown tables."""

from __future__ import annotations


def cell(text: str) -> str:
    """`text` on one line, with no bar that would end the cell."""
    return " ".join(text.replace("|", r"\|").split())
