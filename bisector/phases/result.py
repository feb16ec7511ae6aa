"""The result of a phase, as blocks for the terminal, the plan and the journal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bisector.hunt.ground import opened
from bisector.hunt.scratch import Scratch
from bisector.report.safe_text import markdown, visible_lines


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of plain text; `strong` marks the answer."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain text below a head; `right` are the indexes of right-aligned columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of plain text items."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted lines."""

    text: str
    language: str = ""


Block = Paragraph | Table | Bullets | Code


@dataclass(frozen=True, slots=True)
class Result:
    """One result of `phase` (quantify, verify, diagnose, alarm, deadlines).

    `key` identifies the question: equal keys mean the same question. `title` is one line of plain text
    without a date; `data` are the phase's own JSON values, without NaN and infinity.
    """

    phase: str
    key: str
    hunt: str
    title: str
    blocks: tuple[Block, ...]
    data: Mapping[str, Any]
    exit_code: int = 0

    @property
    def markdown(self) -> str:
        """The blocks in GitHub-flavoured Markdown, without a heading or a final newline."""
        return markdown_of(self.blocks)

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object for the journal and for `--json`."""
        own = {"phase": self.phase, "hunt": self.hunt, "title": self.title, "markdown": self.markdown}
        return {**own, "exit_code": self.exit_code, **self.data}


def markdown_of(blocks: Iterable[Block]) -> str:
    """Blocks in GitHub-flavoured Markdown, without a final newline."""
    return "\n\n".join(map(_markdown, blocks))


def keep(result: Result, scratch: Scratch) -> None:
    """Store the result in the journal of a scratch folder."""
    with opened(scratch) as journal:
        journal.add_result(result.phase, result.key, result.document)


def _markdown(block: Block) -> str:
    match block:
        case Paragraph(text, strong):
            return f"**{markdown(text)}**" if strong else markdown(text)
        case Bullets(items):
            return "\n".join(f"- {markdown(item)}" for item in items)
        case Code(text, language):
            return _fenced(visible_lines(text), language)
        case Table(head, rows, right):
            rule = tuple("---:" if at in right else "---" for at in range(len(head)))
            body = [tuple(map(markdown, cells)) for cells in (head, *rows)]
            return "\n".join(f"| {' | '.join(cells)} |" for cells in (body[0], rule, *body[1:]))


def _fenced(text: str, language: str) -> str:
    """A code block with a fence that the text cannot close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
