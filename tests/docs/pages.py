"""The pages of the documentation, parsed as Markdown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from scripts.write_reference import PAGES as PAGES_WRITTEN

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = {DOCS / "reference" / name for name in PAGES_WRITTEN}
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def name_of(page: Path) -> str:
    """The usual name of a page."""
    return str(page.relative_to(ROOT))


def tokens(page: Path) -> Iterator[Token]:
    """All tokens of a page, including those in paragraphs, headings and table cells."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def fences(page: Path, language: str) -> list[str]:
    """The contents of the page's code blocks in this language."""
    return [token.content for token in tokens(page) if token.type == "fence" and token.info == language]


def targets(page: Path) -> list[str]:
    """The targets of a page's links and images."""
    found = [token.attrs.get("href") or token.attrs.get("src") for token in tokens(page)]
    return [str(target) for target in found if target]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MkDocs generate them."""
    at_heading = False
    found = set()
    for token in tokens(page):
        if token.type == "inline" and at_heading:
            found.add(re.sub(r"[^\w\- ]", "", token.content.lower()).replace(" ", "-"))
        at_heading = token.type == "heading_open"
    return found


def command_lines(page: Path) -> list[list[str]]:
    """Every `bisector ...` on a page, in code blocks and in text, as a list of words."""
    texts = [*fences(page, "sh"), *(t.content for t in tokens(page) if t.type == "code_inline")]
    lines = [line for text in texts for line in text.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("bisector ")]
