"""What the documentation's site needs of MkDocs beyond its settings."""

from __future__ import annotations

import re

_CODE = re.compile(r"`([^`\n]*<!\[[^`\n]*)`")
"""A code span that holds `<![`, as a regular expression that looks behind does.

MkDocs reads every page as HTML too, and the HTML parser of older Pythons gives up there.
"""


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page with such spans written as HTML, character by character."""
    return _CODE.sub(lambda found: f"<code>{_entities(found[1])}</code>", markdown)


def _entities(text: str) -> str:
    return "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in text)
