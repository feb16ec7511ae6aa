"""MkDocs hooks for the documentation site."""

from __future__ import annotations

import re

_CODE = re.compile(r"`([^`\n]*<!\[[^`\n]*)`")
"""A code span with `<![`, as in a regular expression with a lookbehind.

MkDocs also parses every page as HTML, and the HTML parser of older Pythons fails there.
"""


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page with such spans as HTML entities."""
    return _CODE.sub(lambda found: f"<code>{_entities(found[1])}</code>", markdown)


def _entities(text: str) -> str:
    return "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in text)
