"""Finds the place for a new entry in a section of a Markdown file, using the parsed document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from markdown_it import MarkdownIt
from markdown_it.token import Token

_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
_DEEPEST = 6


class Style(Enum):
    """The format of a section's entries."""

    HEADING = "a sub-heading each"
    PARAGRAPH = "a plain line each, beginning with its date"
    ITEM = "one bullet list"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a new entry: before line `line` (from 0), in the style of its neighbours."""

    line: int
    style: Style
    level: int = 0
    """Level of the sub-heading, for `Style.HEADING`."""
    bullet: str = ""
    """Indentation and bullet, for `Style.ITEM`."""


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block: its opening token, the lines it covers, and its plain text."""

    token: Token
    first: int
    end: int
    text: str

    @property
    def heading_level(self) -> int:
        """1 to 6 for a heading, 0 for anything else."""
        return int(self.token.tag[1]) if self.token.type == "heading_open" else 0


class Document:
    """A parsed Markdown document (CommonMark and tables). Lines end with LF, CRLF or CR."""

    def __init__(self, text: str) -> None:
        self._tokens = MarkdownIt("commonmark").enable("table").parse(text)
        self._blocks = _top_level(self._tokens)

    @property
    def html(self) -> list[str]:
        """All raw HTML in the document, including comments but not code that looks like HTML."""
        return _html(self._tokens)

    def place(self, heading: str, comment_prefix: str, lines: Sequence[str]) -> Place | None:
        """Where the newest entry goes under `heading`; None if there is no such heading.

        Headings are compared by words, ignoring case and inline markup. Without a real heading, a paragraph
        with exactly these words counts. `comment_prefix` starts the comment above each of our own entries;
        `lines` are the document's lines.
        """
        found = self._find(heading)
        if found is None:
            return None
        level = self._blocks[found].heading_level
        section = self._section(found + 1, level)
        intro = _introduction(section, comment_prefix)
        if intro == len(section):
            return Place(section[-1].end if section else self._blocks[found].end, *_default_style(level))
        return _before(section[intro:], level, lines)

    def _find(self, heading: str) -> int | None:
        words = _words(heading)
        matching = [i for i, block in enumerate(self._blocks) if _words(block.text) == words]
        real = (i for i in matching if self._blocks[i].heading_level)
        plain = (i for i in matching if self._blocks[i].token.type == "paragraph_open")
        return next(real, next(plain, None))

    def _section(self, start: int, level: int) -> list[Block]:
        section: list[Block] = []
        for block in self._blocks[start:]:
            if 0 < block.heading_level <= (level or _DEEPEST):
                break
            section.append(block)
        return section


def _introduction(section: Sequence[Block], comment_prefix: str) -> int:
    """The number of blocks before the first entry.

    An entry starts with our comment, a date or a sub-heading. If the section has none of these, it starts at
    the first block that is not a paragraph, a comment or a rule.
    """
    for index, block in enumerate(section):
        ours = block.token.type == "html_block" and block.token.content.startswith(comment_prefix)
        if ours or block.heading_level or _is_dated(block):
            return index
    introductory = {"paragraph_open", "html_block", "hr"}
    return next((i for i, b in enumerate(section) if b.token.type not in introductory), len(section))


def _before(entries: Sequence[Block], level: int, lines: Sequence[str]) -> Place:
    line = entries[0].first
    like = next((b for b in entries if b.token.type != "html_block"), entries[0])
    if like.heading_level:
        return Place(line, Style.HEADING, like.heading_level)
    if like.token.type == "bullet_list_open":
        text = lines[like.first]
        return Place(line, Style.ITEM, bullet=text[: text.index(like.token.markup) + 1])
    return Place(line, Style.PARAGRAPH)


def _default_style(level: int) -> tuple[Style, int]:
    return (Style.HEADING, min(level + 1, _DEEPEST)) if level else (Style.PARAGRAPH, 0)


def _is_dated(block: Block) -> bool:
    return block.token.type == "paragraph_open" and _DATE.match(block.text) is not None


def _top_level(tokens: Sequence[Token]) -> list[Block]:
    blocks: list[Block] = []
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0 and token.map:
            inline = tokens[index + 1] if token.type in ("heading_open", "paragraph_open") else None
            blocks.append(Block(token, token.map[0], token.map[1], _plain(inline) if inline else ""))
    return blocks


def _plain(inline: Token) -> str:
    """The words of an inline token, without markup."""
    breaks = {"softbreak": " ", "hardbreak": " ", "html_inline": ""}
    return "".join(breaks.get(child.type, child.content) for child in inline.children or ())


def _words(text: str) -> list[str]:
    return text.casefold().split()


def _html(tokens: Sequence[Token]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            found.append(token.content)
        found += _html(token.children or ())
    return found
